import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Writer;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.tokenattributes.CharTermAttribute;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field.Store;
import org.apache.lucene.document.TextField;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.monitor.CandidateMatcher;
import org.apache.lucene.monitor.CustomQueryHandler;
import org.apache.lucene.monitor.HighlightsMatch;
import org.apache.lucene.monitor.MatcherFactory;
import org.apache.lucene.monitor.MatchingQueries;
import org.apache.lucene.monitor.Monitor;
import org.apache.lucene.monitor.MonitorConfiguration;
import org.apache.lucene.monitor.MultipassTermFilteredPresearcher;
import org.apache.lucene.monitor.Presearcher;
import org.apache.lucene.monitor.QueryMatch;
import org.apache.lucene.monitor.RegexpQueryHandler;
import org.apache.lucene.monitor.TermFilteredPresearcher;
import org.apache.lucene.monitor.TermWeightor;
import org.apache.lucene.search.DocIdSetIterator;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.ScoreMode;
import org.apache.lucene.search.Scorer;
import org.apache.lucene.search.Weight;

/**
 * Lucene Monitor as a process that is told what to do line by line, words parted by tabs, and answers each with one line:
 *
 * <pre>
 * texts FILE                   title and body a line, parted by a tab; how many
 * words FILE                   the words of every text, written there, one line each
 * queries FILE FREQUENCIES FORM  forgets all queries and takes these; how many milliseconds that took
 * warm MATCHER SECONDS         rounds for so long, by the processor's clock, and on until no round is faster than before;
 *                              milliseconds of the last one, seconds of all
 * round MATCHER                all texts once; number of matches, and of queries that were run
 * answers MATCHER FILE         the same, and writes what matched, one line a text: id:start-end,start-end …
 * </pre>
 *
 * FORM is `stock`, or how beginnings of words are looked for: `any`, `regexp`, `edge`. MATCHER is `ids`, `spans`, or
 * `least`: ids by as little work as a matcher can do.
 */
public final class MonitorPeer {
  private record Text(String title, String body) {}

  private final Analyzer analyzer;
  private final List<Text> texts = new ArrayList<>();
  private Monitor monitor;
  private long matches, candidates;

  private MonitorPeer(Path table) throws IOException {
    analyzer = new FoldTokenizer.Table(table).analyzer();
  }

  public static void main(String[] arguments) {
    try {
      new MonitorPeer(Path.of(arguments[0])).serve();
      System.exit(0);
    } catch (Exception error) {
      error.printStackTrace();
      System.exit(1); // threads of the monitor would keep the process
    }
  }

  private void serve() throws IOException {
    BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line; (line = input.readLine()) != null; ) {
      System.out.println(obey(line.split("\t")));
      System.out.flush();
    }
  }

  private String obey(String[] words) throws IOException {
    return switch (words[0]) {
      case "texts" -> read(Path.of(words[1]));
      case "words" -> tokenize(Path.of(words[1]));
      case "queries" -> register(Path.of(words[1]), Path.of(words[2]), words[3]);
      case "warm" -> warm(matcher(words[1]), Double.parseDouble(words[2]));
      case "round" -> round(matcher(words[1]));
      case "answers" -> answer(matcher(words[1]), Path.of(words[2]));
      default -> throw new IllegalArgumentException(words[0]);
    };
  }

  private String read(Path file) throws IOException {
    texts.clear();
    for (String line : Files.readAllLines(file)) {
      String[] parts = line.split("\t", -1);
      texts.add(new Text(parts[0], parts[1]));
    }
    return Integer.toString(texts.size());
  }

  private String tokenize(Path file) throws IOException {
    try (Writer output = Files.newBufferedWriter(file)) {
      for (Text text : texts) {
        output.write(String.join(" ", words(text.title)) + "\t" + String.join(" ", words(text.body)) + "\n");
      }
    }
    return Integer.toString(texts.size());
  }

  private List<String> words(String text) throws IOException {
    List<String> found = new ArrayList<>();
    try (TokenStream stream = analyzer.tokenStream(Queries.TEXT, text)) {
      CharTermAttribute term = stream.addAttribute(CharTermAttribute.class);
      stream.reset();
      while (stream.incrementToken()) {
        found.add(term.toString());
      }
      stream.end();
    }
    return found;
  }

  private String register(Path queries, Path frequencies, String form) throws IOException {
    if (monitor != null) {
      monitor.close();
    }
    long started = System.nanoTime();
    MonitorConfiguration quiet = new MonitorConfiguration();
    quiet.setPurgeFrequency(1, TimeUnit.DAYS);
    monitor = new Monitor(analyzer, presearcher(form, frequencies), quiet);
    monitor.register(new Queries(form.equals("regexp")).read(queries));
    return Long.toString((System.nanoTime() - started) / 1_000_000);
  }

  private static Presearcher presearcher(String form, Path frequencies) throws IOException {
    if (form.equals("stock")) {
      return new TermFilteredPresearcher();
    }
    List<CustomQueryHandler> handlers =
        switch (form) {
          case "edge" -> List.of(new Prefixes());
          case "regexp" -> List.of(new RegexpQueryHandler());
          default -> List.of();
        };
    // A word's weight is one by the number of texts that have it; of unknown words it is one, as of the rarest.
    TermWeightor rare = TermWeightor.termFreqWeightor(counts(frequencies), 1, 0);
    return new MultipassTermFilteredPresearcher(2, 0, rare, handlers, Set.of());
  }

  private static Map<String, Integer> counts(Path file) throws IOException {
    Map<String, Integer> found = new HashMap<>();
    for (String line : Files.readAllLines(file)) {
      String[] parts = line.split("\t");
      found.put(parts[0], Integer.valueOf(parts[1]));
    }
    return found;
  }

  private static MatcherFactory<? extends QueryMatch> matcher(String name) {
    return switch (name) {
      case "ids" -> QueryMatch.SIMPLE_MATCHER;
      case "spans" -> HighlightsMatch.MATCHER;
      case "least" -> Least::new;
      default -> throw new IllegalArgumentException(name);
    };
  }

  /** Nothing but: does the query have a document? */
  private static final class Least extends CandidateMatcher<QueryMatch> {
    Least(IndexSearcher searcher) {
      super(searcher);
    }

    @Override
    public void matchQuery(String id, Query query, Map<String, String> metadata) throws IOException {
      Weight weight = searcher.createWeight(searcher.rewrite(query), ScoreMode.COMPLETE_NO_SCORES, 1);
      for (LeafReaderContext leaf : searcher.getIndexReader().leaves()) {
        Scorer scorer = weight.scorer(leaf);
        if (scorer != null && scorer.iterator().nextDoc() != DocIdSetIterator.NO_MORE_DOCS) {
          addMatch(new QueryMatch(id), 0);
        }
      }
    }

    @Override
    public QueryMatch resolve(QueryMatch one, QueryMatch other) {
      return one;
    }
  }

  /** So many rounds without a faster one are steady; a machine that is busy with others is not waited for. */
  private static final int STEADY = 5, PATIENCE = 10;

  private String warm(MatcherFactory<? extends QueryMatch> matcher, double seconds) throws IOException {
    ThreadMXBean clock = ManagementFactory.getThreadMXBean();
    long start = clock.getCurrentThreadCpuTime(), fastest = Long.MAX_VALUE, last = 0, spent = 0;
    long latest = System.nanoTime() + (long) (PATIENCE * seconds * 1e9);
    for (int since = 0; (spent < seconds * 1e9 || since < STEADY) && System.nanoTime() < latest; since++) {
      round(matcher);
      last = clock.getCurrentThreadCpuTime() - start - spent;
      spent += last;
      since = last < 0.97 * fastest ? 0 : since;
      fastest = Math.min(fastest, last);
    }
    return last / 1e6 + "\t" + spent / 1e9;
  }

  private String round(MatcherFactory<? extends QueryMatch> matcher) throws IOException {
    matches = candidates = 0;
    for (Text text : texts) {
      match(text, matcher);
    }
    return matches + "\t" + candidates;
  }

  private <T extends QueryMatch> Collection<T> match(Text text, MatcherFactory<T> matcher) throws IOException {
    Document document = new Document();
    document.add(new TextField(Queries.TEXT, text.title, Store.NO));
    document.add(new TextField(Queries.TEXT, text.body, Store.NO));
    document.add(new TextField(Queries.TITLE, text.title, Store.NO));
    MatchingQueries<T> found = monitor.match(document, matcher);
    if (!found.getErrors().isEmpty()) {
      throw new IllegalStateException(found.getErrors().toString());
    }
    matches += found.getMatchCount();
    candidates += found.getQueriesRun();
    return found.getMatches();
  }

  private String answer(MatcherFactory<? extends QueryMatch> matcher, Path file) throws IOException {
    matches = candidates = 0;
    try (Writer output = Files.newBufferedWriter(file)) {
      for (Text text : texts) {
        for (QueryMatch match : match(text, matcher)) {
          output.write(match.getQueryId() + ":" + spans(match) + " ");
        }
        output.write("\n");
      }
    }
    return matches + "\t" + candidates;
  }

  /** Offsets of the title begin with 0, those of the body one behind its end; in both fields. */
  private static String spans(QueryMatch match) {
    List<String> found = new ArrayList<>();
    if (match instanceof HighlightsMatch highlights) {
      highlights.getHits().forEach((field, hits) ->
          hits.forEach(hit -> found.add(hit.startOffset() + "-" + hit.endOffset())));
    }
    return String.join(",", found);
  }
}
