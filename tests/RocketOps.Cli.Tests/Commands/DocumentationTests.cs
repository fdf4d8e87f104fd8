using System.Text;
using RocketOps.Testing;
using RocketOps.Testing.Processes;

namespace RocketOps.Cli.Tests.Commands;

/// <summary>Every command line of docs/cli.md does what it says there: it ends with 0.</summary>
public sealed class DocumentationTests(ClusterFixture cluster) : IClassFixture<ClusterFixture>
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task Page_EveryCommand_EndsWithSuccess()
    {
        using TempDirectory folder = new("cli-docs-");
        foreach (string file in (string[])["a.bin", "b.bin", "order.xml"])
        {
            await File.WriteAllTextAsync(folder.File(file), "content");
        }

        StringBuilder script = new();
        script.Append("rocketops() { '").Append(Path.Combine(AppContext.BaseDirectory, "rocketops")).Append("' \"$@\"; }\n");
        string[] commands = [.. (await CommandsAsync()).Select(Ending)];
        foreach (string command in commands)
        {
            script.Append(command).Append(" || { echo \"failed: $? of ").Append(command.Replace("\"", "\\\"", StringComparison.Ordinal)).Append("\" >&2; exit 1; }\n");
        }

        Dictionary<string, string> environment = new(StringComparer.Ordinal) { ["NAMESRV_ADDR"] = cluster.Cluster.NameServerAddress };
        ProcessResult result = await ChildProcess.RunAsync("/bin/sh", ["-c", script.ToString()], Patience, environment, folder.Path);

        commands.Should().HaveCountGreaterThan(15);
        result.EnsureSuccess();
    }

    private static async Task<IReadOnlyList<string>> CommandsAsync()
    {
        List<string> commands = [];
        bool isScript = false;
        foreach (string line in await File.ReadAllLinesAsync(Path.Combine(AppContext.BaseDirectory, "docs", "cli.md")))
        {
            if (line.StartsWith("```", StringComparison.Ordinal))
            {
                isScript = line == "```sh";
            }
            else if (isScript && line.Length > 0)
            {
                commands.Add(line.Split(" #")[0].TrimEnd());
            }
        }

        return commands;
    }

    /// <summary>What follows until Ctrl-C is told to end.</summary>
    private static string Ending(string command) =>
        command.StartsWith("rocketops consume", StringComparison.Ordinal) && !command.Contains("--exit", StringComparison.Ordinal) && !command.Contains("--count", StringComparison.Ordinal)
            ? command + " --exit"
            : command;
}
