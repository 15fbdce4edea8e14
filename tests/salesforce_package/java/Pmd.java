import java.nio.file.Path;
import net.sourceforge.pmd.PMDConfiguration;
import net.sourceforge.pmd.PmdAnalysis;
import net.sourceforge.pmd.reporting.RuleViolation;

/** Runs PMD: Pmd.java <folder> <ruleset>..., one line for each violation. Fails if a file cannot be read. */
class Pmd {
    public static void main(String[] arguments) {
        var configuration = new PMDConfiguration();
        configuration.addInputPath(Path.of(arguments[0]));
        configuration.setIgnoreIncrementalAnalysis(true);
        for (int i = 1; i < arguments.length; i++) {
            configuration.addRuleSet(arguments[i]);
        }
        try (var analysis = PmdAnalysis.create(configuration)) {
            var report = analysis.performAnalysisAndCollectReport();
            for (RuleViolation found : report.getViolations()) {
                System.out.printf("%s:%d %s: %s%n", found.getFileId().getFileName(), found.getBeginLine(),
                    found.getRule().getName(), found.getDescription());
            }
            report.getProcessingErrors().forEach(error -> System.err.println(error.getFileId() + " " + error.getMsg()));
            report.getConfigurationErrors().forEach(error -> System.err.println(error.issue()));
            boolean failed = !report.getProcessingErrors().isEmpty() || !report.getConfigurationErrors().isEmpty();
            System.exit(failed || analysis.getReporter().numErrors() > 0 ? 2 : 0);
        }
    }
}
