/** Cuts blocks of known height into pages: `first` points on the first page, `next` on every other; the tail stays with the last block. */
export function paginate(
  heights: readonly number[],
  room: {
    readonly first: number;
    readonly next: number;
    readonly tail: number;
  },
): { readonly from: number; readonly to: number }[] {
  const pages: { from: number; to: number }[] = [];
  let from = 0;
  let used = 0;
  let available = room.first;
  heights.forEach((height, i) => {
    // A block taller than a page still gets one: nothing is lost, pdfmake lets it run over.
    if (used + height > available && i > from) {
      pages.push({ from, to: i });
      from = i;
      used = 0;
      available = room.next;
    }
    used += height;
  });
  if (used + room.tail <= available || heights.length === 0) {
    pages.push({ from, to: heights.length });
    return pages;
  }
  // The tail does not fit below the last rows: it takes the last row along, so that a signature never stands alone on a page.
  const last = heights.length - 1;
  if (last > from) pages.push({ from, to: last }, { from: last, to: heights.length });
  else pages.push({ from, to: heights.length });
  return pages;
}
