import java.io.IOException;
import java.util.BitSet;
import org.apache.lucene.analysis.TokenFilter;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.tokenattributes.CharTermAttribute;
import org.apache.lucene.index.Term;
import org.apache.lucene.monitor.CustomQueryHandler;
import org.apache.lucene.monitor.QueryTree;
import org.apache.lucene.monitor.TermWeightor;
import org.apache.lucene.search.PrefixQuery;
import org.apache.lucene.search.Query;

/**
 * Lets the presearcher find queries for beginnings of words by those beginnings, and not run each on every document:
 * they are indexed with a mark behind them, and every word of a document brings its own, of the lengths that occur.
 */
final class Prefixes implements CustomQueryHandler {
  private static final char MARK = '\u0001';
  private final BitSet lengths = new BitSet();

  @Override
  public QueryTree handleQuery(Query query, TermWeightor weightor) {
    if (!(query instanceof PrefixQuery prefix)) {
      return null;
    }
    String text = prefix.getPrefix().text();
    lengths.set(text.length());
    return QueryTree.term(new Term(prefix.getField(), text + MARK), weightor);
  }

  @Override
  public TokenStream wrapTermStream(String field, TokenStream stream) {
    return lengths.isEmpty() ? stream : new Beginnings(stream);
  }

  private final class Beginnings extends TokenFilter {
    private final CharTermAttribute term = addAttribute(CharTermAttribute.class);
    private char[] word = new char[64];
    private int size, next = -1;

    Beginnings(TokenStream stream) {
      super(stream);
    }

    @Override
    public boolean incrementToken() throws IOException {
      if (next > 0 && next <= size) {
        clearAttributes();
        term.copyBuffer(word, 0, next);
        term.append(MARK);
        next = lengths.nextSetBit(next + 1);
        return true;
      }
      if (!input.incrementToken()) {
        return false;
      }
      size = term.length();
      if (size > word.length) {
        word = new char[2 * size];
      }
      System.arraycopy(term.buffer(), 0, word, 0, size);
      next = lengths.nextSetBit(1);
      return true;
    }
  }
}
