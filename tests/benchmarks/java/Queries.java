import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.lucene.index.Term;
import org.apache.lucene.monitor.MonitorQuery;
import org.apache.lucene.queries.intervals.IntervalQuery;
import org.apache.lucene.queries.intervals.Intervals;
import org.apache.lucene.queries.intervals.IntervalsSource;
import org.apache.lucene.search.BooleanClause.Occur;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.PhraseQuery;
import org.apache.lucene.search.PrefixQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.RegexpQuery;
import org.apache.lucene.search.TermQuery;

/**
 * Queries from a file, one a line: id, words between two groups (empty: plain AND), groups parted by `|`, excluded terms;
 * terms are parted by commas, their words by blanks; `^` before a term binds it to the title, `*` behind it makes it a
 * beginning.
 */
final class Queries {
  static final String TEXT = "text", TITLE = "title";

  /** Beginnings as regular expressions, for the handler that Lucene brings. */
  private final boolean regexp;

  Queries(boolean regexp) {
    this.regexp = regexp;
  }

  List<MonitorQuery> read(Path file) throws IOException {
    List<MonitorQuery> found = new ArrayList<>();
    for (String line : Files.readAllLines(file)) {
      String[] parts = line.split("\t", -1);
      found.add(new MonitorQuery(parts[0], build(parts[1], parts[2].split("\\|"), parts[3])));
    }
    return found;
  }

  private Query build(String near, String[] groups, String excluded) {
    Query query = near.isEmpty() ? null : near(Integer.parseInt(near), groups);
    if (query == null && groups.length == 1) {
      query = any(groups[0]);
    }
    if (query != null && excluded.isEmpty()) {
      return query;
    }
    BooleanQuery.Builder all = new BooleanQuery.Builder();
    if (query != null) {
      all.add(query, Occur.MUST);
    } else {
      Arrays.stream(groups).forEach(group -> all.add(any(group), Occur.MUST));
    }
    if (!excluded.isEmpty()) {
      Arrays.stream(excluded.split(",")).forEach(term -> all.add(leaf(term), Occur.MUST_NOT));
    }
    return all.build();
  }

  private Query any(String group) {
    String[] terms = group.split(",");
    if (terms.length == 1) {
      return leaf(terms[0]);
    }
    BooleanQuery.Builder any = new BooleanQuery.Builder();
    Arrays.stream(terms).forEach(term -> any.add(leaf(term), Occur.SHOULD));
    return any.build();
  }

  private Query leaf(String term) {
    String field = term.startsWith("^") ? TITLE : TEXT;
    String text = bare(term);
    String[] words = text.split(" ");
    if (words.length == 1) {
      return term.endsWith("*") ? beginning(new Term(field, text)) : new TermQuery(new Term(field, text));
    }
    return term.endsWith("*") ? new IntervalQuery(field, source(term)) : new PhraseQuery(field, words);
  }

  private Query beginning(Term term) {
    return regexp ? new RegexpQuery(new Term(term.field(), term.text() + ".*")) : new PrefixQuery(term);
  }

  /** Two sides that can stand on one word have to be told to stand on two. */
  private static Query near(int words, String[] groups) {
    IntervalsSource joined = source(groups[0].split(","));
    List<String> left = new ArrayList<>(Arrays.asList(groups[0].split(",")));
    for (String group : Arrays.asList(groups).subList(1, groups.length)) {
      String[] terms = group.split(",");
      IntervalsSource right = source(terms);
      boolean shared = Arrays.stream(terms).anyMatch(term -> left.stream().anyMatch(other -> overlap(term, other)));
      IntervalsSource both = shared ? Intervals.unorderedNoOverlaps(joined, right) : Intervals.unordered(joined, right);
      joined = Intervals.maxgaps(words, both);
      left.addAll(Arrays.asList(terms));
    }
    return new IntervalQuery(TEXT, joined);
  }

  private static boolean overlap(String one, String other) {
    if (one.endsWith("*") || other.endsWith("*")) {
      return true;
    }
    List<String> words = Arrays.asList(bare(other).split(" "));
    return Arrays.stream(bare(one).split(" ")).anyMatch(words::contains);
  }

  private static IntervalsSource source(String... terms) {
    IntervalsSource[] sources = Arrays.stream(terms).map(Queries::place).toArray(IntervalsSource[]::new);
    return sources.length == 1 ? sources[0] : Intervals.or(sources);
  }

  private static IntervalsSource place(String term) {
    String[] words = bare(term).split(" ");
    IntervalsSource[] sources = Arrays.stream(words).map(Intervals::term).toArray(IntervalsSource[]::new);
    if (term.endsWith("*")) {
      sources[words.length - 1] = Intervals.prefix(new Term(TEXT, words[words.length - 1]).bytes());
    }
    return sources.length == 1 ? sources[0] : Intervals.phrase(sources);
  }

  private static String bare(String term) {
    return term.replace("^", "").replace("*", "");
  }
}
