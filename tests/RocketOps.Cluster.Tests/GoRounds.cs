using RocketOps.Testing;
using RocketOps.Testing.Processes;

namespace RocketOps.Cluster.Tests;

/// <summary>
/// Apache's Go client, unmodified, beside a test, in rounds: each sends as fast as it is answered, and passes when not one send failed and its own consumer got every message in the order of its key.
/// </summary>
internal sealed class GoRounds : IAsyncDisposable
{
    /// <summary>The name of its topic.</summary>
    public const string Topic = Prefix + "Fifo";

    private const string Prefix = ForeignClient.GoPrefix;

    /// <summary>Of each of its four keys: a round of some 20 s.</summary>
    private const string Messages = "3000";

    private readonly TempDirectory _directory = new("go-");
    private readonly string _nameServer;
    private readonly Task<int> _rounds;
    private volatile bool _ending;
    private volatile ChildProcess? _round;

    public GoRounds(string nameServer)
    {
        _nameServer = nameServer;
        _rounds = RunAsync();
    }

    /// <summary>Waits for the end of the round that is under way; returns how many passed, or fails with what one said that did not.</summary>
    public Task<int> EndAsync()
    {
        _ending = true;
        return _rounds;
    }

    public async ValueTask DisposeAsync()
    {
        _ending = true;
        _round?.Kill();

        // How it ended is EndAsync's business.
        await Task.WhenAny(_rounds);
        _directory.Dispose();
    }

    private async Task<int> RunAsync()
    {
        string program = _directory.File("client-smoke");
        (await ChildProcess.RunAsync("sh", ["-c", $"xz -dc '{SharedKits.GoClient}' > '{program}' && chmod +x '{program}'"], KubeCluster.Patience)).EnsureSuccess();
        int passed = 0;
        while (!_ending)
        {
            await using ChildProcess round = ChildProcess.Start(program, ["-protocol", "remoting", "-namesrv", _nameServer, "-prefix", Prefix, "-cases", "ordered", "-messages", Messages, "-wait", "4m"]);
            _round = round;
            ProcessResult said = await round.WaitAsync(KubeCluster.Patience);
            _round = null;
            said.EnsureSuccess().OutputLines.Should().Contain(static line => line.StartsWith("PASS ordered", StringComparison.Ordinal), "{0}", said);
            passed++;
        }

        return passed;
    }
}
