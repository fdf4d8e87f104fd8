using System.Globalization;
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
public sealed class FirstProgramTests(RocketOpsFixture fixture)
{
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
        List<string> files = [];
        foreach (DocumentedBlock block in DocumentedBlocks.ToRun("java").Where(block => version == ApacheServer.Version5 || ClassOf(block) == "Hello"))
        {
            files.Add(folder.File(ClassOf(block) + ".java"));
            await File.WriteAllTextAsync(files[^1], block.Text);
        }

        files.Should().HaveCountGreaterThan(version == ApacheServer.Version5 ? 1 : 0).And.OnlyHaveUniqueItems();
        ProcessResult classes = await ChildProcess.RunAsync(Path.Combine(SharedKits.RocketMq, "bin", "rocketmq"), ["--version", version, "classpath"], Patience);
        classes.EnsureSuccess();
        (await ChildProcess.RunAsync("javac", ["-encoding", "UTF-8", "-cp", classes.Output.Trim(), "-d", folder.Path, .. files], Patience)).EnsureSuccess();

        long consumed = 0;
        for (int run = 0; run < 2; run++)
        {
            ProcessResult result = await HelloAsync(Environment());

            result.EnsureSuccess();
            result.Output.Should().Contain("sent to MessageQueue [topic=HELLO").And.Contain("received hello from Java", "{0}", result);
            long now = await ConsumedAsync("hello-java");
            now.Should().BeGreaterThan(consumed);
            consumed = now;
        }

        ProcessResult alone = await HelloAsync(new(Environment(), StringComparer.Ordinal) { ["NAMESRV_ADDR"] = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{LoopbackPorts.Find(0)}") });
        alone.ExitCode.Should().Be(1, "a first program ends when its first send fails: {0}", alone);

        Task<ProcessResult> HelloAsync(Dictionary<string, string> environment) =>
            ChildProcess.RunAsync("java", [$"-Duser.home={folder.Path}", "-XX:TieredStopAtLevel=1", "-cp", $"{classes.Output.Trim()}:{folder.Path}", "Hello"], Patience, environment);
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
            ProcessResult result = await ChildProcess.RunAsync("node", ["hello.js"], Patience, environment, folder.Path);

            result.EnsureSuccess();
            result.Output.Should().MatchRegex("sent [0-9A-F]{32}").And.Contain("received hello from Node.js", "{0}", result);
            result.Error.Should().BeEmpty("a first program has nothing to be frightened of");
            long now = await ConsumedAsync("hello-node");
            now.Should().BeGreaterThan(consumed);
            consumed = now;
        }
    }

    /// <summary>Who looks at a group's progress after a first program, as the next page says, sees that what was received counts as consumed.</summary>
    private async Task<long> ConsumedAsync(string group)
    {
        await using RocketMqAdmin admin = new(new AdminOptions { NameServers = fixture.Server.NameServerAddress });
        return (await admin.GetConsumeStatsAsync(fixture.Server.BrokerAddress, group, "HELLO")).Queues.Values.Sum(static queue => queue.ConsumerOffset);
    }

    private static string ClassOf(DocumentedBlock block) => block.Text.Split("public class ")[1].Split(' ')[0];

    private static string? Find(string program) =>
        (System.Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(Path.PathSeparator).Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);

    private Dictionary<string, string> Environment() => new(JavaEnvironment.Variables, StringComparer.Ordinal) { ["NAMESRV_ADDR"] = fixture.Server.NameServerAddress };
}
