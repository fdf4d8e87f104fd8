using System.Text;
using System.Text.RegularExpressions;
using RocketOps.Testing;
using RocketOps.Testing.Docs;
using RocketOps.Testing.Processes;
using RocketOps.Testing.Rings;

namespace RocketOps.Cli.Tests.Docs;

/// <summary>
/// Every command of README and docs does what it says there: it ends with 0. They run in one folder, page by page, against one <c>rocketops up</c> that is started with
/// the command of docs/laptop.md; what a page starts with a data folder of its own is another cluster, for the blocks that name that folder. <c>dotnet run --project cli/RocketOps.Cli</c> stands for the program of the tests' own build.
/// </summary>
[Trait("ring", RingRules.Programs)]
public sealed partial class DocumentedCommandsTests
{
    private const string StartPage = "docs/laptop.md";
    private const string Usual = "127.0.0.1:9876";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    /// <summary>Pages that others do not depend on come in the order of their names, those that change the cluster as a whole last.</summary>
    private static readonly string[] LastPages = ["docs/kubernetes.md", "docs/operate.md"];

    private static string Program => Programs.RocketOps;

    [SkippableFact]
    public async Task Commands_OfAllPages_EndWithSuccess()
    {
        using TempDirectory folder = Workplace();
        DocumentedBlock[] blocks = [.. DocumentedBlocks.ToRun("sh").Except(Apart().SelectMany(static apart => apart.Blocks.Prepend(apart.Start))).OrderBy(static block => Array.IndexOf(LastPages, block.Page))];
        DocumentedBlock[] starts = [.. blocks.Where(static block => block.Commands.Any(IsUp))];
        blocks.Sum(static block => block.Commands.Count).Should().BeGreaterThan(40, "else nothing was looked at");

        // The demo comes first: it ends by itself, and one process at a time has a data folder.
        foreach (DocumentedBlock demo in starts.Where(static block => block.Text.Contains("--demo", StringComparison.Ordinal)))
        {
            await RunAsync(folder, demo.Commands, string.Empty);
        }

        DocumentedBlock start = starts.Single(static block => block.Page == StartPage);
        starts.Where(static block => !block.Text.Contains("--demo", StringComparison.Ordinal)).Select(static block => Normal(block.Commands.Single())).Should().AllBe(start.Commands.Single(), "one run stands for all");
        await using ChildProcess up = await UpAsync(folder, start);
        string address = UpOutput.NameServers(up.Output);

        DocumentedBlock[] rest = [.. blocks.Except(starts)];
        string? noKubectl = HasKubectl() ? null : "kubectl is not on the PATH";
        foreach (IGrouping<string, DocumentedBlock> page in rest.GroupBy(static block => block.Page, StringComparer.Ordinal))
        {
            await RunAsync(folder, page.Where(block => !IsDeletion(block) && (noKubectl is null || !NeedsKubectl(block))).SelectMany(static block => block.Commands), address);
        }

        if (noKubectl is null)
        {
            await RunAsync(folder, rest.Where(IsDeletion).SelectMany(static block => block.Commands), address);
        }

        await EndAsync(up);
        string? reason = RingRules.Current.WhySkip(ring: null, noKubectl);
        Skip.If(reason is not null, $"{reason}: only the other commands were run");
    }

    [SkippableFact]
    public async Task Commands_OfClustersOfTheirOwn_EndWithSuccess()
    {
        string? noKubectl = HasKubectl() ? null : "kubectl is not on the PATH";
        string? reason = RingRules.Current.WhySkip(ring: null, noKubectl);
        Skip.If(reason is not null, reason);
        IReadOnlyList<(DocumentedBlock Start, DocumentedBlock[] Blocks)> all = Apart();
        all.Should().NotBeEmpty().And.OnlyContain(static apart => apart.Blocks.Length > 0, "else nothing was looked at");
        foreach ((DocumentedBlock start, DocumentedBlock[] blocks) in all)
        {
            using TempDirectory folder = Workplace();
            await using ChildProcess up = await UpAsync(folder, start);
            await RunAsync(folder, blocks.SelectMany(static block => block.Commands), UpOutput.NameServers(up.Output));
            await EndAsync(up);
        }
    }

    /// <summary>What is started with a data folder of its own, and the blocks of its page that name the folder.</summary>
    private static IReadOnlyList<(DocumentedBlock Start, DocumentedBlock[] Blocks)> Apart()
    {
        IReadOnlyList<DocumentedBlock> all = DocumentedBlocks.ToRun("sh");
        return
        [
            .. from start in all
               where start.Commands is [{ } only] && IsUp(only) && OwnFolder().IsMatch(only)
               let folder = OwnFolder().Match(start.Commands[0]).Groups["folder"].Value
               select (start, all.Where(block => block != start && block.Page == start.Page && block.Text.Contains(folder + "/", StringComparison.Ordinal)).ToArray()),
        ];
    }

    /// <summary>Starts what the block says, and returns when all is ready.</summary>
    private static async Task<ChildProcess> UpAsync(TempDirectory folder, DocumentedBlock start)
    {
        ChildProcess up = ChildProcess.Start(Program, start.Commands.Single().Split(' ')[1..], Environment(folder), folder.Path);
        try
        {
            await Eventually.TrueAsync(() => up.HasExited || up.Output.Contains("Try next", StringComparison.Ordinal), "the cluster is ready", Patience);
            UpOutput.NameServers(up.Output).Should().NotBeEmpty(up.Output + up.Error);
            return up;
        }
        catch
        {
            await up.DisposeAsync();
            throw;
        }
    }

    private static async Task EndAsync(ChildProcess up)
    {
        up.Terminate();
        (await up.WaitAsync(Patience)).ExitCode.Should().Be(0, up.Output + up.Error);
    }

    /// <summary>A folder with what the commands name beside them.</summary>
    private static TempDirectory Workplace()
    {
        TempDirectory folder = new("docs-");
        foreach (string name in (string[])["deploy", "charts", "samples"])
        {
            Directory.CreateSymbolicLink(folder.File(name), Path.Combine(SharedKits.RepositoryRoot, name));
        }

        foreach (string name in (string[])["a.bin", "b.bin", "order.xml"])
        {
            File.WriteAllText(folder.File(name), "content");
        }

        return folder;
    }

    private static Dictionary<string, string> Environment(TempDirectory folder) => new(StringComparer.Ordinal)
    {
        // Where a running up is found, and nothing else that might lead elsewhere.
        ["XDG_RUNTIME_DIR"] = folder.Path,
        ["XDG_CONFIG_HOME"] = folder.Path,
        ["NAMESRV_ADDR"] = string.Empty,
        ["KUBECONFIG"] = folder.File(Path.Combine(".rocketops", "kubeconfig")),
    };

    private static async Task RunAsync(TempDirectory folder, IEnumerable<string> commands, string address)
    {
        StringBuilder script = new();
        script.Append("rocketops() { '").Append(Program).Append("' \"$@\"; }\n");
        foreach (string command in commands.Select(Normal).Select(Ending))
        {
            // The port may be taken by another cluster of the machine.
            string here = address.Length > 0 ? command.Replace(Usual, address, StringComparison.Ordinal) : command;
            script.Append(here).Append(" || { echo \"failed: $? of ").Append(Quoted(here)).Append("\" >&2; exit 1; }\n");
        }

        ProcessResult result = await ChildProcess.RunAsync("/bin/sh", ["-c", script.ToString()], Patience, Environment(folder), folder.Path);
        result.ExitCode.Should().Be(0, "{0}", Cause(result) + result);
    }

    /// <summary>The command that failed and what it said last: first in the message, where a reader looks, and what decides about running a test again.</summary>
    private static string Cause(ProcessResult result)
    {
        string[] said = result.Error.TrimEnd().Split('\n');
        return string.Concat(said.TakeLast(3).Reverse().Select(static line => line + "\n"));
    }

    private static string Quoted(string command) => Special().Replace(command, @"\$&");

    private static string Normal(string command) => DotnetRun().Replace(command, "rocketops ");

    private static bool IsUp(string command) => Normal(command).StartsWith("rocketops up ", StringComparison.Ordinal);

    private static bool NeedsKubectl(DocumentedBlock block) => block.Commands.Any(static command => command.StartsWith("kubectl ", StringComparison.Ordinal));

    private static bool IsDeletion(DocumentedBlock block) => block.Commands.Any(static command => command.StartsWith("kubectl delete ", StringComparison.Ordinal));

    private static bool HasKubectl() =>
        (System.Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(Path.PathSeparator).Any(static folder => File.Exists(Path.Combine(folder, "kubectl")));

    /// <summary>What follows until Ctrl-C is told to end.</summary>
    private static string Ending(string command) =>
        command.StartsWith("rocketops consume", StringComparison.Ordinal) && !command.Contains("--exit", StringComparison.Ordinal) && !command.Contains("--count", StringComparison.Ordinal)
            ? command + " --exit"
            : command;

    [GeneratedRegex("^dotnet run --project cli/RocketOps.Cli -c Release -- ", RegexOptions.None, 10_000)]
    private static partial Regex DotnetRun();

    [GeneratedRegex(" --data (?<folder>\\S+)$", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex OwnFolder();

    [GeneratedRegex("[\"$`\\\\]", RegexOptions.None, 10_000)]
    private static partial Regex Special();
}
