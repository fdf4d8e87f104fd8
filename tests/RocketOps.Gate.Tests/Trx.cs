using System.Globalization;
using System.Security;

namespace RocketOps.Gate.Tests;

/// <summary>Writes result files as the test platform does.</summary>
internal static class Trx
{
    private static int _files;

    public static (string Result, string Test) Passed(string name) => Row(name, name, "Passed", "");

    public static (string Result, string Test) Failed(string name, string method, string message) => Row(name, method, "Failed", message);

    public static (string Result, string Test) Skipped(string name, string message) => Row(name, name, "NotExecuted", message);

    public static string Write(string folder, params (string Result, string Test)[] rows) => Write(folder, "", rows);

    public static string Write(string folder, string runInfos, params (string Result, string Test)[] rows)
    {
        Directory.CreateDirectory(folder);
        string path = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{Interlocked.Increment(ref _files)}.trx"));
        File.WriteAllText(path, $"""
            <TestRun xmlns="http://microsoft.com/schemas/VisualStudio/TeamTest/2010">
              <Times start="2026-11-23T09:33:16+00:00" finish="2026-11-23T09:34:16+00:00" />
              <Results>{string.Concat(rows.Select(row => row.Result))}</Results>
              <TestDefinitions>{string.Concat(rows.Select(row => row.Test))}</TestDefinitions>
              <ResultSummary outcome="Failed"><RunInfos>{runInfos}</RunInfos></ResultSummary>
            </TestRun>
            """);
        return path;
    }

    private static (string Result, string Test) Row(string name, string method, string outcome, string message)
    {
        string shown = SecurityElement.Escape(name);
        string output = message.Length == 0 ? "" : $"<Output><ErrorInfo><Message>{SecurityElement.Escape(message)}</Message><StackTrace>at A.B</StackTrace></ErrorInfo></Output>";
        int dot = method.LastIndexOf('.');
        return (
            $"<UnitTestResult testId=\"{shown}\" testName=\"{shown}\" duration=\"00:00:01.5000000\" endTime=\"2026-11-23T09:34:00+00:00\" outcome=\"{outcome}\">{output}</UnitTestResult>",
            $"<UnitTest name=\"{shown}\" id=\"{shown}\"><TestMethod className=\"{method[..dot]}\" name=\"{method[(dot + 1)..]}\" /></UnitTest>");
    }
}
