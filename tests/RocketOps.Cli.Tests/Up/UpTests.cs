using System.Text.RegularExpressions;
using RocketOps.Cli.Tests.Support;
using RocketOps.Testing;
using RocketOps.Testing.Rings;

namespace RocketOps.Cli.Tests.Up;

/// <summary>The whole way: API, operator, kubelet, brokers, clients. One scenario, since each start costs seconds.</summary>
[Trait("ring", RingRules.Programs)]
public sealed partial class UpTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(5);
    private static readonly string Quickstart = Path.Combine(SharedKits.RepositoryRoot, "deploy", "samples", "quickstart.yaml");

    [Fact]
    public async Task Up_AgainAfterTheDemo_FindsDataAndItsEndLeavesNoProcess()
    {
        using TempDirectory folder = new();
        string data = folder.File("data");

        await using (UpProcess first = UpProcess.Start("up", Quickstart, "--data", data, "--demo", "--record", folder.File("demo.svg")))
        {
            (await first.ExitCodeAsync(Deadline)).Should().Be(0, first.Output);
            first.Output.Should().Contain("Demo succeeded: 1000 sent, 1000 received exactly once").And.Contain("0 duplicates, 0 missing");
            first.Output.Should().Contain("clients use 127.0.0.1:");
        }

        Children(data).Should().BeEmpty("every child was ended in order");
        IsReadmesPicture(folder.File("demo.svg"));
        if (!OperatingSystem.IsWindows())
        {
            File.GetUnixFileMode(Path.Combine(data, "kubeconfig")).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        List<string> logs = Directory.GetFiles(Path.Combine(data, "volumes"), "*", SearchOption.AllDirectories).Where(file => file.Contains("commitlog", StringComparison.Ordinal)).ToList();
        logs.Should().HaveCountGreaterThanOrEqualTo(2, "both masters have written");

        // No manifest: objects and messages are found again.
        await using (UpProcess second = UpProcess.StartIn(folder.Path, "up", "--data", data))
        {
            await Eventually.TrueAsync(() => second.Output.Contains("Try next", StringComparison.Ordinal), "everything is ready", Deadline);
            logs.Should().OnlyContain(file => File.Exists(file), "the same store is used");
            await using (UpProcess consume = UpProcess.StartIn(folder.Path, "consume", "quickstart-events", "--exit", "-o", "body"))
            {
                (await consume.ExitCodeAsync(Deadline)).Should().Be(0, consume.Output);
                consume.Output.Split('\n').Count(static line => line.StartsWith("message ", StringComparison.Ordinal)).Should().Be(1000, "the demo's messages are there");
            }

            await using (UpProcess command = UpProcess.StartIn(folder.Path, "cluster", "status"))
            {
                (await command.ExitCodeAsync(Deadline)).Should().Be(0, command.Output);
                command.Output.Should().MatchRegex("quickstart-1 +0 +master", "the command finds the cluster that runs");
            }

            await using (UpProcess delete = UpProcess.StartIn(folder.Path, "topic", "delete", "quickstart-events", "--yes"))
            {
                (await delete.ExitCodeAsync(Deadline)).Should().Be(1, delete.Output);
                delete.Output.Should().Contain("quickstart-events belongs to the Topic object default/quickstart-events: the operator would make it again, empty.")
                    .And.Contain($"KUBECONFIG={data}/kubeconfig kubectl delete topic.rocketops.io quickstart-events -n default");
            }

            await using (UpProcess alter = UpProcess.StartIn(folder.Path, "topic", "alter", "quickstart-events", "--queues", "9", "--yes"))
            {
                (await alter.ExitCodeAsync(Deadline)).Should().Be(1, alter.Output);
                alter.Output.Should().Contain("kubectl edit topic.rocketops.io quickstart-events -n default, or --force.");
            }

            await using (UpProcess forced = UpProcess.StartIn(folder.Path, "topic", "delete", "quickstart-events", "--yes", "--force"))
            {
                (await forced.ExitCodeAsync(Deadline)).Should().Be(0, forced.Output);
            }

            List<int> children = Children(data);
            children.Should().NotBeEmpty();

            await using (UpProcess rival = UpProcess.Start("up", "--data", data))
            {
                (await rival.ExitCodeAsync(Deadline)).Should().Be(1);
                rival.Output.Should().Contain("in use by another");
            }

            await second.KillAsync();

            await Eventually.TrueAsync(() => children.TrueForAll(child => !IsRunning(child)), "children end with their killed parent", Deadline);
        }
    }

    /// <summary>The README shows what <c>rocketops up</c> shows now: what was recorded just now has the same lines.</summary>
    private static void IsReadmesPicture(string recorded)
    {
        string picture = Path.Combine(SharedKits.RepositoryRoot, "docs", "images", "demo.svg");
        string contributing = File.ReadAllText(Path.Combine(SharedKits.RepositoryRoot, "CONTRIBUTING.md"));
        string command = RecordCommand().Match(contributing).Value;
        command.Should().NotBeEmpty("CONTRIBUTING.md says how the picture is recorded");

        RecordedPicture.Layout(picture).Should().Equal(RecordedPicture.Layout(recorded), "else docs/images/demo.svg is out of date; record it anew: {0}", command);
        RecordedPicture.Lines(picture).Should().ContainMatch("*MEMBER*ROLE*STATE*ADDRESS*IN/S*OUT/S*DISK").And.ContainMatch("*master*ready*%", "it was recorded until the figures were there").And.ContainMatch("*  1000 messages*", "what the demo sent is counted when it ends").And.Contain("last", "it was recorded until events came");
    }

    [GeneratedRegex("dotnet run [^`]+--record docs/images/demo.svg", RegexOptions.None, 10_000)]
    private static partial Regex RecordCommand();

    [Fact]
    public async Task Up_FileIsMissing_IsWrongUsage()
    {
        CliRun up = await CliRun.RunAsync("up", "no-such-file.yaml");

        up.ExitCode.Should().Be(2);
        up.Error.Should().Contain("no-such-file.yaml");
    }

    [Theory]
    [InlineData("missing/demo.svg", "--record: there is no folder {0}/missing.")]
    [InlineData("", "--record: {0}/ is a folder.")]
    public async Task Up_RecordsWhereNoFileCanBe_IsWrongUsageAndMakesNothing(string file, string error)
    {
        using TempDirectory folder = new();
        CliRun up = await CliRun.RunAsync("up", "--data", folder.File("data"), "--record", $"{folder.Path}/{file}");

        up.ExitCode.Should().Be(2, up.Error);
        up.Error.Should().Contain(string.Format(error, folder.Path));
        Directory.EnumerateFileSystemEntries(folder.Path).Should().BeEmpty();
    }

    [Fact]
    public async Task Up_DemoInterrupted_EndsWithOneAndWithoutChildren()
    {
        // The demo takes three seconds: on a busy machine it may be done before the interrupt comes.
        for (int attempt = 1; ; attempt++)
        {
            using TempDirectory folder = new();
            string data = folder.File("data");
            await using UpProcess up = UpProcess.Start("up", Quickstart, "--data", data, "--demo");
            await Eventually.TrueAsync(() => Children(data).Count > 0, "the first process runs", Deadline);

            List<int> children = Children(data);

            await up.InterruptAsync();

            int code = await up.ExitCodeAsync(Deadline);
            if (code == 0 && attempt < 10 && up.Output.Contains("Demo succeeded", StringComparison.Ordinal))
            {
                continue;
            }

            code.Should().Be(1, up.Output);
            up.Output.Should().Contain("the demo is not finished");
            children.Should().OnlyContain(child => !IsRunning(child));
            Children(data).Should().BeEmpty();
            return;
        }
    }

    [Fact]
    public async Task Up_ObjectIsWrong_FailsWithFileAndFieldAndLeavesNothing()
    {
        using TempDirectory folder = new();
        await File.WriteAllTextAsync(
            folder.File("wrong.yaml"),
            "apiVersion: rocketops.io/v1beta1\nkind: Topic\nmetadata: { name: t }\nspec: { clusterRef: { name: none }, readQueues: many }\n");
        CliRun up = await CliRun.RunAsync("up", folder.File("wrong.yaml"), "--data", folder.File("data"));

        up.ExitCode.Should().Be(1, up.Error);
        up.Error.Should().Contain("wrong.yaml").And.Contain("readQueues");
    }

    [Fact]
    public async Task Up_DataFolderIsAFile_SaysSo()
    {
        using TempDirectory folder = new();
        await File.WriteAllTextAsync(folder.File("data"), "");
        CliRun up = await CliRun.RunAsync("up", Quickstart, "--data", folder.File("data"));

        up.ExitCode.Should().Be(1, up.Error);
        up.Error.Should().Contain("cannot be the data folder").And.NotContain("in use");

        CliRun nowhere = await CliRun.RunAsync("up", Quickstart, "--data", "/proc/nowhere");
        nowhere.ExitCode.Should().Be(1, nowhere.Error);
        nowhere.Error.Should().Contain("/proc/nowhere cannot be the data folder: no folder can be made there. Choose another one with --data.");
    }

    [Fact]
    public async Task Up_DemoWithoutATopic_SaysWhatIsMissing()
    {
        using TempDirectory folder = new();
        await File.WriteAllTextAsync(folder.File("other.yaml"), "apiVersion: v1\nkind: Namespace\nmetadata: { name: mq }\n");
        CliRun up = await CliRun.RunAsync("up", folder.File("other.yaml"), "--data", folder.File("data"), "--demo");

        up.ExitCode.Should().Be(1, up.Error);
        up.Error.Should().Contain("needs a Topic object");
    }

    [Fact]
    public async Task Up_NoFileAndNoEarlierRun_IsWrongUsageAndMakesNothing()
    {
        using TempDirectory folder = new();
        CliRun up = await CliRun.RunAsync("up", "--data", folder.File("data"), "--exit");

        up.ExitCode.Should().Be(2, up.Error);
        up.Error.Should().Be(
            $"rocketops up: nothing to run: give a file, as rocketops up deploy/samples/quickstart.yaml; no earlier run has left anything in {folder.File("data")}. See \"rocketops up --help\".\n");
        Directory.EnumerateFileSystemEntries(folder.Path).Should().BeEmpty();
    }

    [Fact]
    public async Task Up_UnknownOption_IsWrongUsage()
    {
        CliRun up = await CliRun.RunAsync("up", "--demmo");

        up.ExitCode.Should().Be(2);
        up.Error.Should().Contain("no option --demmo");
    }

    /// <summary>The processes on record for this data folder that still run.</summary>
    private static List<int> Children(string data)
    {
        string ledger = Path.Combine(data, "run", "processes");
        return Directory.Exists(ledger) ? [.. Directory.GetFiles(ledger).Select(file => int.Parse(Path.GetFileName(file))).Where(IsRunning)] : [];
    }

    private static bool IsRunning(int id)
    {
        try
        {
            // A zombie has ended.
            return !File.ReadAllText($"/proc/{id}/stat").Split(')')[^1].TrimStart().StartsWith('Z');
        }
        catch (Exception gone) when (gone is FileNotFoundException or DirectoryNotFoundException or IOException)
        {
            return false;
        }
    }
}
