using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using RocketOps.Client;
using RocketOps.Interop.Tests.Clients;
using RocketOps.Interop.Tests.Fixtures;
using RocketOps.Testing;
using RocketOps.Testing.Docs;
using RocketOps.Testing.Processes;
using RocketOps.Testing.Rings;
using RocketOps.Testing.Servers;

namespace RocketOps.Interop.Tests.RocketOps;

/// <summary>The programs that README and docs show in other languages, as written, each against the libraries they name: a new group gets what others sent before, too, and each run what it has sent itself.</summary>
[Collection(RocketOpsClientsCollection.Name)]
public sealed partial class FirstProgramTests(RocketOpsFixture fixture)
{
    private const string Usual = "127.0.0.1:9876";
    private const int MostRuns = 5;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    /// <summary>The gate has the newer version only: the older one differs in nothing that the page uses.</summary>
    public static TheoryData<string> Versions => Depth.IsDeep ? [ApacheServer.Version4, ApacheServer.Version5] : [ApacheServer.Version5];

    [SkippableTheory]
    [MemberData(nameof(Versions))]
    public async Task Java_OfEveryPage_CompilesAndHelloSendsAndReceives(string version)
    {
        Kit.Require(SharedKits.RocketMq);
        Kit.RequireWhat(Find("javac") is null ? "there is no javac on the PATH" : null);
        using TempDirectory folder = new();
        string nobody = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{LoopbackPorts.Find(0)}");
        DocumentedBlock[] blocks = [.. DocumentedBlocks.ToRun("java").Where(block => version == ApacheServer.Version5 || ClassOf(block) == "Hello")];
        List<string> files = [];
        foreach (DocumentedBlock block in blocks)
        {
            // The first program is told where its servers are; the others say it themselves, and of them all that is tried is what becomes of them when nobody is there.
            files.Add(folder.File(ClassOf(block) + ".java"));
            await File.WriteAllTextAsync(files[^1], block.Text.Replace(Usual, nobody, StringComparison.Ordinal));
        }

        files.Should().HaveCountGreaterThan(version == ApacheServer.Version5 ? 1 : 0).And.OnlyHaveUniqueItems();
        ProcessResult classes = await ChildProcess.RunAsync(Path.Combine(SharedKits.RocketMq, "bin", "rocketmq"), ["--version", version, "classpath"], Patience);
        classes.EnsureSuccess();
        (await ChildProcess.RunAsync("javac", ["-encoding", "UTF-8", "-cp", classes.Output.Trim(), "-d", folder.Path, .. files], Patience)).EnsureSuccess();

        long consumed = 0;
        for (int run = 0; run < 2; run++)
        {
            ProcessResult result = await ToTheEndAsync(() => JavaAsync("Hello", Environment()));

            result.EnsureSuccess();
            result.Output.Should().Contain("sent to MessageQueue [topic=HELLO").And.Contain("received hello from Java", "{0}", result);
            long now = await ConsumedAsync("hello-java");
            now.Should().BeGreaterThan(consumed);
            consumed = now;
        }

        string[] asking = [.. blocks.Where(static block => !WaitsForItsServers(block)).Select(ClassOf)];
        asking.Should().HaveCountGreaterThan(version == ApacheServer.Version5 ? 7 : 0, "else nothing was looked at");
        await Parallel.ForEachAsync(asking, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (program, _) =>
        {
            ProcessResult alone = await JavaAsync(program, new(Environment(), StringComparer.Ordinal) { ["NAMESRV_ADDR"] = nobody });
            alone.ExitCode.Should().Be(1, "a program ends when nobody takes what it sends or answers what it asks: {0}", alone);
            alone.Error.Should().Contain("Exception").And.Contain($"at {program}.main", "it says why");
        });

        Task<ProcessResult> JavaAsync(string program, Dictionary<string, string> environment) =>
            ChildProcess.RunAsync("java", [$"-Duser.home={folder.Path}", "-XX:TieredStopAtLevel=1", "-Xmx256m", "-cp", $"{classes.Output.Trim()}:{folder.Path}", program], Patience, environment);
    }

    [SkippableFact]
    public async Task Node_OfEveryPage_SendsAndReceives()
    {
        string libraries = Path.Combine(NodeClient.Folder, "node_modules");
        string? missing = SharedKits.WhyMissing(libraries);
        Kit.RequireWhat(missing is null ? null : $"{missing}: npm ci in tests/interop-node installs it");
        using TempDirectory folder = new();
        Dictionary<string, string> environment = new(Environment(), StringComparer.Ordinal) { ["NODE_PATH"] = libraries };
        await File.WriteAllTextAsync(folder.File("hello.js"), DocumentedBlocks.ToRun("js").Should().ContainSingle().Subject.Text);

        await Topics.CreateAsync(fixture.Server, "HELLO", queues: 4);
        long consumed = 0;
        for (int run = 0; run < 2; run++)
        {
            ProcessResult result = await ToTheEndAsync(() => ChildProcess.RunAsync("node", ["hello.js"], Patience, environment, folder.Path));

            result.EnsureSuccess();
            result.Output.Should().MatchRegex("sent [0-9A-F]{32}").And.Contain("received hello from Node.js", "{0}", result);
            result.Error.Should().BeEmpty("a first program has nothing to be frightened of");
            long now = await ConsumedAsync("hello-node");
            now.Should().BeGreaterThan(consumed);
            consumed = now;
        }

        using Socket silent = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        silent.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        silent.Listen();
        Dictionary<string, string> unanswered = new(environment, StringComparer.Ordinal) { ["SILENT"] = silent.LocalEndPoint!.ToString()! };
        ProcessResult closing = await ToTheEndAsync(
            () => ChildProcess.RunAsync("node", ["--require", Path.Combine(NodeClient.Folder, "unanswered.js"), "hello.js"], Patience, unanswered, folder.Path));
        closing.EnsureSuccess();
        closing.Output.Should().Contain("received hello from Node.js", "{0}", closing);
        closing.Error.Should().BeEmpty("what the library still asks when it is closed frightens nobody either");

        environment["NAMESRV_ADDR"] = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{LoopbackPorts.Find(0)}");
        ProcessResult alone = await ChildProcess.RunAsync("node", ["hello.js"], Patience, environment, folder.Path);
        alone.ExitCode.Should().Be(1, "a first program ends when nobody is there: {0}", alone);
        alone.Error.Should().Contain(environment["NAMESRV_ADDR"], "it says why");
    }

    /// <summary>The libraries give a request up after some seconds, and a first program says so and ends, or its library goes on: it is started again then, as its reader would.</summary>
    private static async Task<ProcessResult> ToTheEndAsync(Func<Task<ProcessResult>> run)
    {
        ProcessResult result;
        int runs = 0;
        do
        {
            result = await run();
        }
        while (GaveUp().IsMatch(result.ExitCode == 0 ? result.Error : result.ToString()) && ++runs < MostRuns);
        return result;
    }

    [GeneratedRegex("No route info|time ?out|wait response|TooMuchRequest", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex GaveUp();

    /// <summary>Who looks at a group's progress after a first program, as the next page says, sees that what was received counts as consumed.</summary>
    private async Task<long> ConsumedAsync(string group)
    {
        await using RocketMqAdmin admin = new(new AdminOptions { NameServers = fixture.Server.NameServerAddress, RequestTimeout = Patience, ConnectTimeout = Patience });
        return (await admin.GetConsumeStatsAsync(fixture.Server.BrokerAddress, group, "HELLO")).Queues.Values.Sum(static queue => queue.ConsumerOffset);
    }

    /// <summary>Apache's consumers start without their servers and find them when they are there; what only consumes throws nothing before.</summary>
    private static bool WaitsForItsServers(DocumentedBlock block) =>
        !block.Text.Contains("Producer", StringComparison.Ordinal) && !block.Text.Contains("fetchMessageQueues", StringComparison.Ordinal);

    private static string ClassOf(DocumentedBlock block) => block.Text.Split("public class ")[1].Split(' ')[0];

    private static string? Find(string program) =>
        (System.Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(Path.PathSeparator).Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);

    private Dictionary<string, string> Environment() => new(JavaEnvironment.Variables, StringComparer.Ordinal) { ["NAMESRV_ADDR"] = fixture.Server.NameServerAddress };
}
