"""A report: results as neutral blocks, and the blocks as a page, a workbook or Markdown."""
