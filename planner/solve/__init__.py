"""The exact search: enumeration, cutting planes, and the backends behind one seam."""
