// A webpack loader: the source of one file with a fault planted, in memory. The file itself stays as it is.
'use strict';

module.exports = function plant(source) {
  const { file, find, replace } = this.getOptions();
  return this.resourcePath === file ? source.replace(find, () => replace) : source;
};
