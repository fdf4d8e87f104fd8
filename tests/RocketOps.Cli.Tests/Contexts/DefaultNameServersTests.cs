using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Cli.Contexts;
using RocketOps.Cli.Up;
using RocketOps.Embedded.Kubelet.Processes;
using RocketOps.Testing;
using RocketOps.Testing.Processes;

namespace RocketOps.Cli.Tests.Contexts;

/// <summary>Commands that are given no address find the cluster that runs.</summary>
public sealed class DefaultNameServersTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly UpInstance One = new("/data/one", [("default/a", "127.0.0.1:9876")]);
    private static readonly UpInstance Other = new("/data/other", [("default/b", "127.0.0.1:9877")]);

    [Fact]
    public void Choose_Environment_WinsOverWhatRuns() => DefaultNameServers.Choose("here:1", Contexts("c"), () => [One, Other]).Should().Be(("here:1", null));

    [Fact]
    public void Choose_CurrentContext_WinsOverWhatRuns() => DefaultNameServers.Choose("", Contexts("c"), () => [One, Other]).Should().Be(("context:1", null));

    [Fact]
    public void Choose_OneClusterRuns_TakesIt() => DefaultNameServers.Choose("", Contexts(null), () => [Other]).Should().Be(("127.0.0.1:9877", null));

    [Fact]
    public void Choose_NothingRuns_TakesTheUsualAddress() => DefaultNameServers.Choose(null, Contexts(null), () => []).Should().Be(("127.0.0.1:9876", null));

    [Fact]
    public void Choose_SeveralRun_NamesThem()
    {
        (string? address, string? problem) = DefaultNameServers.Choose(null, Contexts(null), () => [One, Other]);

        address.Should().BeNull();
        problem.Should().Be("Several clusters run here, choose one with -n: -n 127.0.0.1:9876 is default/a of /data/one; -n 127.0.0.1:9877 is default/b of /data/other.");
    }

    [Fact]
    public void FindAll_OfProcessesThatEnded_FindsNone()
    {
        using TempDirectory folder = new();
        ProcessIdentity self = ProcessIdentity.Of(Environment.ProcessId)!.Value;
        File.WriteAllText(folder.File("up-1.json"), UpInstance.Write(One, self));
        File.WriteAllText(folder.File("up-2.json"), UpInstance.Write(Other, self with { StartMark = "another process had this id" }));
        File.WriteAllText(folder.File("up-3.json"), "{\"pid\":");
        File.WriteAllText(folder.File("up-4.json"), "[]");

        UpInstance found = UpInstance.FindAll(folder.Path).Should().ContainSingle().Subject;

        found.DataDirectory.Should().Be("/data/one");
        found.Clusters.Should().Equal(One.Clusters);
    }

    [Fact]
    public void Registration_UntilDisposed_IsFound()
    {
        using TempDirectory folder = new();
        string state = folder.File("state/rocketops");
        using (UpRegistration registration = new(state, "/data/one", NullLogger.Instance))
        {
            registration.Tell([], isReady: false);
            UpInstance.FindAll(state).Should().ContainSingle().Which.Should().BeEquivalentTo(new { Clusters = Array.Empty<(string, string)>(), IsStarting = true });
            registration.Tell(One.Clusters, isReady: true);
            registration.Tell(One.Clusters, isReady: false);
            UpInstance found = UpInstance.FindAll(state).Should().ContainSingle().Subject;
            found.Clusters.Should().Equal(One.Clusters);
            found.IsStarting.Should().BeFalse("what was ready once has started");
        }

        UpInstance.FindAll(state).Should().BeEmpty();
        Directory.GetFiles(state).Should().BeEmpty();
    }

    [Fact]
    public async Task Command_SeveralClustersRun_IsWrongUsageThatNamesThem()
    {
        using TempDirectory folder = new();
        Directory.CreateDirectory(folder.File("rocketops"));
        ProcessIdentity self = ProcessIdentity.Of(Environment.ProcessId)!.Value;
        await File.WriteAllTextAsync(folder.File("rocketops/up-1.json"), UpInstance.Write(new UpInstance("/data", [.. One.Clusters, .. Other.Clusters]), self));

        ProcessResult result = await ChildProcess.RunAsync(
            Programs.RocketOps,
            ["topic", "list"],
            Patience,
            new Dictionary<string, string>(StringComparer.Ordinal) { ["XDG_RUNTIME_DIR"] = folder.Path, ["NAMESRV_ADDR"] = "" });

        result.ExitCode.Should().Be(2);
        result.Error.Should().Contain("-n 127.0.0.1:9877 is default/b of /data");
    }

    private static ContextFile Contexts(string? current) => new(null, current, new(StringComparer.Ordinal) { ["c"] = "context:1" });
}
