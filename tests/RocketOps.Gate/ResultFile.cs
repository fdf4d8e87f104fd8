using System.Globalization;
using System.Xml.Linq;

namespace RocketOps.Gate;

/// <summary>What one run of one test project left behind: a result file (trx) of the test platform, which writes it also when a test host has died.</summary>
internal sealed record ResultFile(IReadOnlyList<TestResult> Results, IReadOnlyList<string> Errors, DateTimeOffset Start, DateTimeOffset Finish)
{
    private static readonly XNamespace Trx = "http://microsoft.com/schemas/VisualStudio/TeamTest/2010";

    /// <summary>Reads it.</summary>
    /// <exception cref="System.Xml.XmlException">It is cut off, or no XML.</exception>
    /// <exception cref="InvalidDataException">It is no result file.</exception>
    public static ResultFile Read(string path, string project)
    {
        XElement run = XDocument.Load(path).Root is { } root && root.Name == Trx + "TestRun" ? root : throw new InvalidDataException($"{path} is no result file of tests");
        Dictionary<string, string> methods = run.Descendants(Trx + "UnitTest").ToDictionary(
            test => Text(test, "id"),
            test => test.Element(Trx + "TestMethod") is { } method ? $"{Text(method, "className")}.{Text(method, "name")}" : Text(test, "name"),
            StringComparer.Ordinal);
        return new ResultFile(
            [.. run.Descendants(Trx + "UnitTestResult").Select(result => ResultOf(result, project, methods))],
            [.. run.Descendants(Trx + "RunInfo").Where(info => Text(info, "outcome") == "Error").Select(info => info.Value.Trim())],
            TimeOf(run.Element(Trx + "Times"), "start"),
            TimeOf(run.Element(Trx + "Times"), "finish"));
    }

    private static TestResult ResultOf(XElement result, string project, Dictionary<string, string> methods)
    {
        XElement? output = result.Element(Trx + "Output");
        XElement? error = output?.Element(Trx + "ErrorInfo");
        string name = Text(result, "testName");
        return new TestResult(
            project,
            MethodOf(methods.GetValueOrDefault(Text(result, "testId"), name)),
            name,
            Text(result, "outcome") switch
            {
                "Passed" => Outcome.Passed,
                "NotExecuted" => Outcome.Skipped,
                _ => Outcome.Failed,
            },
            TimeSpan.TryParse(Text(result, "duration"), CultureInfo.InvariantCulture, out TimeSpan duration) ? duration : TimeSpan.Zero,
            TimeOf(result, "endTime"),
            error?.Element(Trx + "Message")?.Value ?? "",
            error?.Element(Trx + "StackTrace")?.Value ?? "",
            output?.Element(Trx + "StdOut")?.Value ?? "");
    }

    // A theory's row may stand there with its arguments, which a filter does not know.
    private static string MethodOf(string name) => name.IndexOf('(', StringComparison.Ordinal) is var arguments and > 0 ? name[..arguments] : name;

    private static string Text(XElement element, string attribute) => element.Attribute(attribute)?.Value ?? "";

    private static DateTimeOffset TimeOf(XElement? element, string attribute) =>
        element is not null && DateTimeOffset.TryParse(Text(element, attribute), CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTimeOffset time) ? time : DateTimeOffset.MinValue;
}
