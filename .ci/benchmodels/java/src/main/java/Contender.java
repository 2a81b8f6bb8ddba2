import java.io.BufferedReader;
import java.io.File;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jpmml.evaluator.EvaluatorUtil;
import org.jpmml.evaluator.FieldValue;
import org.jpmml.evaluator.InputField;
import org.jpmml.evaluator.LoadingModelEvaluatorBuilder;
import org.jpmml.evaluator.ModelEvaluator;
import org.jpmml.evaluator.OutputField;
import org.jpmml.evaluator.TargetField;

/** Scores the models of `make bench-models` with jpmml-evaluator. It answers lines on standard input: see main.go. */
public class Contender {
	private static final ThreadMXBean threads = ManagementFactory.getThreadMXBean();
	private static Object sink;

	private final ModelEvaluator<?> evaluator;
	private final List<Map<String, FieldValue>> rows = new ArrayList<>();

	/** Loads the document with the optimisers and interners that the builder applies of itself and prepares the rows. */
	Contender(File document, File table) throws Exception {
		LoadingModelEvaluatorBuilder builder = new LoadingModelEvaluatorBuilder();
		this.evaluator = builder.load(document).build();
		this.evaluator.verify();
		Map<String, InputField> fields = new HashMap<>();
		for (InputField field : evaluator.getInputFields()) {
			fields.put(field.getName(), field);
		}
		try (BufferedReader in = Files.newBufferedReader(table.toPath())) {
			String[] header = in.readLine().split(",");
			for (String line; (line = in.readLine()) != null;) {
				String[] cells = line.split(",", -1);
				Map<String, FieldValue> row = new HashMap<>();
				for (int i = 0; i < header.length; i++) {
					InputField field = fields.get(header[i]);
					if (field != null) {
						row.put(header[i], field.prepare(cells[i].isEmpty() ? null : cells[i]));
					}
				}
				rows.add(row);
			}
		}
	}

	/** Gives the nanoseconds of the thread's own processor time for a row, over at least so many seconds. */
	double time(double seconds) {
		long n = 0, start = threads.getCurrentThreadCpuTime(), spent;
		do {
			for (Map<String, FieldValue> row : rows) {
				sink = evaluator.evaluate(row);
			}
			n += rows.size();
			spent = threads.getCurrentThreadCpuTime() - start;
		} while (spent < seconds * 1e9);
		return (double) spent / n;
	}

	/** Writes what the evaluator gives for the rows. */
	void check(File to) throws Exception {
		List<String> names = new ArrayList<>();
		for (TargetField field : evaluator.getTargetFields()) {
			names.add(field.getName());
		}
		for (OutputField field : evaluator.getOutputFields()) {
			names.add(field.getName());
		}
		try (PrintWriter out = new PrintWriter(to)) {
			out.println(String.join(",", names));
			for (Map<String, FieldValue> row : rows) {
				Map<String, ?> results = EvaluatorUtil.decodeAll(evaluator.evaluate(row));
				List<String> cells = new ArrayList<>();
				for (String name : names) {
					Object value = results.get(name);
					cells.add(value == null ? "" : value.toString());
				}
				out.println(String.join(",", cells));
			}
		}
	}

	public static void main(String... args) throws Exception {
		File folder = new File(args[0]);
		Map<String, Contender> known = new LinkedHashMap<>();
		BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
		for (String line; (line = in.readLine()) != null;) {
			String[] words = line.split(" ");
			String model = words[2], rows = words[3];
			Contender c = known.get(model + "@" + rows);
			if (c == null) {
				c = new Contender(new File(folder, model + ".pmml"), new File(folder, rows + ".csv"));
				known.clear(); // the rows take much memory
				known.put(model + "@" + rows, c);
			}
			if (words[0].equals("check")) {
				c.check(new File(folder, model + "@" + rows + "." + words[1] + ".csv"));
				System.out.println("ok");
			} else {
				System.out.println(c.time(Double.parseDouble(words[4])));
			}
		}
	}
}
