using System.Diagnostics;

namespace RocketOps.Gate;

/// <summary>Runs single tests, and tells which a project has, by <c>dotnet test</c> on its built assembly.</summary>
/// <param name="root">The repository's root.</param>
/// <param name="folder">Where results of what it runs go.</param>
/// <param name="time">Tells whether there is time left.</param>
/// <param name="deadline">When it has to be done with everything.</param>
internal sealed class TestPlatform(string root, string folder, TimeProvider time, DateTimeOffset deadline) : ITestPlatform
{
    private static readonly TimeSpan LongestList = TimeSpan.FromMinutes(3);

    private int _runs;

    public async Task<ResultFile?> RunAsync(TestResult test, Ring ring, TimeSpan longest)
    {
        string results = Path.Combine(folder, $"{++_runs}");
        await CallAsync(ring, longest, Assembly(test.Project), "--filter", $"FullyQualifiedName={test.Method}", "--logger", "trx", "--results-directory", results);
        return Directory.Exists(results) && Directory.EnumerateFiles(results, "*.trx").FirstOrDefault() is { } file ? ResultFile.Read(file, test.Project) : null;
    }

    public async Task<IReadOnlyList<string>> ListAsync(string project, Ring ring)
    {
        if (deadline - time.GetUtcNow() < LongestList)
        {
            return [];
        }

        string[] filter = ring.Filter.Length == 0 ? [] : ["--filter", ring.Filter];
        string output = await CallAsync(ring, LongestList, [Assembly(project), "--list-tests", .. filter]);
        // Names stand indented below a heading.
        return [.. output.Split('\n').SkipWhile(line => !line.Contains("Tests are available", StringComparison.Ordinal)).Skip(1).Where(line => line.StartsWith("    ", StringComparison.Ordinal)).Select(line => line.Trim())];
    }

    private string Assembly(string project) => Path.Combine(root, "tests", project, "bin", "Debug", "net10.0", $"{project}.dll");

    private async Task<string> CallAsync(Ring ring, TimeSpan longest, params string[] arguments)
    {
        ProcessStartInfo start = new("dotnet", ["test", .. arguments]) { WorkingDirectory = root, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, UseShellExecute = false };
        start.Environment["ROCKETOPS_RINGS"] = ring.Asked;
        using Process process = Process.Start(start) ?? throw new InvalidOperationException("dotnet was not started");
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        try
        {
            await process.WaitForExitAsync().WaitAsync(longest);
        }
        catch (TimeoutException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
        }

        return await output + await errors;
    }
}
