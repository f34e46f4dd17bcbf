import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.Tokenizer;
import org.apache.lucene.analysis.tokenattributes.CharTermAttribute;
import org.apache.lucene.analysis.tokenattributes.OffsetAttribute;

/**
 * Words as the program under test folds them, with their offsets in the text as it came. The table holds what every code
 * point folds to by itself; marks that join with what stands before them, and scripts without blanks, are not in it.
 */
final class FoldTokenizer extends Tokenizer {
  private static final int BLANK = -1, DROPPED = -2, FIRST_EXPANSION = -3;

  /** What every code point becomes: a code point, `BLANK`, `DROPPED`, or an expansion counted downwards. */
  static final class Table {
    private final int[] entries = new int[0x110000];
    private final int[][] expansions;

    /** Reads 0x110000 entries, the number of expansions, and each with its length; all 32 bits, the highest first. */
    Table(Path file) throws IOException {
      try (DataInputStream input = new DataInputStream(new BufferedInputStream(Files.newInputStream(file)))) {
        for (int code = 0; code < entries.length; code++) {
          entries[code] = input.readInt();
        }
        expansions = new int[input.readInt()][];
        for (int row = 0; row < expansions.length; row++) {
          expansions[row] = new int[input.readInt()];
          for (int place = 0; place < expansions[row].length; place++) {
            expansions[row][place] = input.readInt();
          }
        }
      }
    }

    /** Both values of a field are parted by so many positions that no phrase and no NEAR crosses. */
    Analyzer analyzer() {
      return new Analyzer() {
        @Override
        protected TokenStreamComponents createComponents(String field) {
          return new TokenStreamComponents(new FoldTokenizer(Table.this));
        }

        @Override
        public int getPositionIncrementGap(String field) {
          return 100;
        }
      };
    }
  }

  private final CharTermAttribute term = addAttribute(CharTermAttribute.class);
  private final OffsetAttribute offset = addAttribute(OffsetAttribute.class);
  private final Table table;
  private char[] text = new char[8192];
  private char[] word = new char[64];
  private int length, at, size;

  /** The rest of an expansion that has a blank inside, of the code point that ended the last word. */
  private int[] rest;

  private int restAt, restStart;

  private FoldTokenizer(Table table) {
    this.table = table;
  }

  @Override
  public void reset() throws IOException {
    super.reset();
    length = at = 0;
    rest = null;
    for (int read; (read = input.read(text, length, text.length - length)) >= 0; ) {
      length += read;
      if (length == text.length) {
        text = Arrays.copyOf(text, 2 * length);
      }
    }
  }

  @Override
  public boolean incrementToken() {
    clearAttributes();
    size = 0;
    int start = -1, end = 0;
    if (rest != null) {
      start = restStart;
      end = at;
      if (spell(rest, restAt, start)) {
        return give(start, end);
      }
      start = size > 0 ? start : -1;
    }
    while (at < length) {
      int from = at;
      char unit = text[at++];
      int code = unit;
      if (Character.isHighSurrogate(unit) && at < length && Character.isLowSurrogate(text[at])) {
        code = Character.toCodePoint(unit, text[at++]);
      }
      int entry = table.entries[code];
      if (entry >= 0) {
        add(entry);
      } else if (entry == BLANK) {
        if (size > 0) {
          return give(start, end);
        }
        continue;
      } else if (entry == DROPPED) {
        end = at;
        continue;
      } else {
        int before = size;
        boolean ended = spell(table.expansions[FIRST_EXPANSION - entry], 0, from);
        if (start < 0 || before == 0) {
          start = from;
        }
        end = size > before ? at : end;
        if (ended) {
          return give(start, end);
        }
        continue;
      }
      if (start < 0) {
        start = from;
      }
      end = at;
    }
    return size > 0 && give(start, end);
  }

  /** Adds an expansion from a place on; true if a blank in it ends a word, and then the rest is kept. */
  private boolean spell(int[] letters, int place, int from) {
    rest = null;
    for (; place < letters.length; place++) {
      if (letters[place] != BLANK) {
        add(letters[place]);
      } else if (size > 0) {
        rest = letters;
        restAt = place + 1;
        restStart = from;
        return true;
      }
    }
    return false;
  }

  private void add(int code) {
    if (size + 2 > word.length) {
      word = Arrays.copyOf(word, 2 * word.length);
    }
    if (code < 0x10000) {
      word[size++] = (char) code;
    } else {
      size += Character.toChars(code, word, size);
    }
  }

  private boolean give(int start, int end) {
    term.copyBuffer(word, 0, size);
    offset.setOffset(correctOffset(start), correctOffset(end));
    return true;
  }

  @Override
  public void end() throws IOException {
    super.end();
    offset.setOffset(correctOffset(length), correctOffset(length));
  }
}
