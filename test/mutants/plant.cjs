// A webpack loader: the source of one file with a fault planted, in memory. The file itself stays as it is.
'use strict';

module.exports = function plant(source) {
  // The cache knows a module by its file, and not by what was planted into it.
  this.cacheable(false);
  const { file, find, replace } = this.getOptions();
  return this.resourcePath === file ? source.replace(find, () => replace) : source;
};
