using RocketOps.Testing.Processes;
using RocketOps.Testing.Servers;

namespace RocketOps.Faults.Tests.Points;

/// <summary>A server whose broker dies at places in its work on the disk, again and again on one store.</summary>
internal sealed class DyingServer : IAsyncDisposable
{
    private const int KilledExitCode = 128 + 9;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly KillPoint _point;
    private readonly List<string> _deaths = [];

    private DyingServer(KillPoint point, RocketOpsServer server)
    {
        _point = point;
        Server = server;
    }

    public RocketOpsServer Server { get; }

    /// <summary>The calls that the broker died at, with their files.</summary>
    public IReadOnlyList<string> Deaths => _deaths;

    /// <summary>Starts name server and broker.</summary>
    /// <param name="settings">Further properties of the broker. A later start takes what they are then.</param>
    /// <param name="keepsConfiguration">A later start takes the configuration file as the broker has left it.</param>
    public static async Task<DyingServer> StartAsync(IReadOnlyDictionary<string, string> settings, bool keepsConfiguration = false)
    {
        KillPoint point = await KillPoint.BuildAsync();
        ServerOptions options = new() { Broker = settings, Environment = point.Environment, KeepsConfiguration = keepsConfiguration };
        DyingServer dying = new(point, new RocketOpsServer(options));
        try
        {
            await dying.Server.StartAsync();
            return dying;
        }
        catch
        {
            await dying.DisposeAsync();
            throw;
        }
    }

    /// <summary>Returns when the running broker has died at that place, which what it is asked to do must bring it to.</summary>
    public async Task DieAsync(KillPlace place)
    {
        await _point.ArmAsync(place);
        await EndAsync(place);
    }

    /// <summary>
    /// Starts a broker that dies at that place, in its start or later, by what it is asked to do then. Returns when it has died.
    /// </summary>
    public async Task StartAndDieAsync(KillPlace place)
    {
        await _point.ArmAsync(place);
        try
        {
            await Server.StartBrokerAsync();
        }
        catch (InvalidOperationException) when (_point.HasLanded)
        {
            _deaths.Add(await _point.TakeAsync());
            return;
        }

        await EndAsync(place);
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        _point.Dispose();
    }

    private async Task EndAsync(KillPlace place)
    {
        ProcessResult result;
        try
        {
            result = await Server.Broker.WaitAsync(Patience);
        }
        catch (TimeoutException late)
        {
            throw new TimeoutException($"the broker does not come to {place}; it died before at: {string.Join("; ", _deaths)}", late);
        }

        result.ExitCode.Should().Be(KilledExitCode, "it dies at {0}; {1}", place, result.Output + result.Error);
        _deaths.Add(await _point.TakeAsync());

        // It is gone; this lets go of it.
        await Server.KillBrokerAsync();
    }
}
