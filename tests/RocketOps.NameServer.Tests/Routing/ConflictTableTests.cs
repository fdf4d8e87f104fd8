using System.Globalization;
using RocketOps.NameServer.Routing;
using RocketOps.NameServer.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Client;
using RocketOps.Testing.Logging;
using RocketOps.Testing.Time;

namespace RocketOps.NameServer.Tests.Routing;

/// <summary>What the log and administrators are told of brokers that claim one name.</summary>
public sealed class ConflictTableTests
{
    private const int Warning = 2611;
    private readonly FakeTimeProvider _time = new();
    private readonly RecordingLoggerFactory _log = new();
    private readonly ConflictTable _table;

    public ConflictTableTests()
    {
        _table = new ConflictTable(_log, _time);
    }

    private int Warnings => _log.Entries.Count(static entry => entry.Event == Warning);

    [Fact]
    public void Add_WhileAConflictLasts_WarnsOnceInTenMinutes()
    {
        for (int registrations = 0; registrations < 20; registrations++)
        {
            _table.Add(Conflict("a"));
            _time.Advance(TimeSpan.FromSeconds(30) - TimeSpan.FromMilliseconds(1));
        }

        Warnings.Should().Be(1);
        _time.Advance(TimeSpan.FromSeconds(1));
        _table.Add(Conflict("a"));
        Warnings.Should().Be(2);
    }

    [Fact]
    public void Current_ConflictHasEnded_IsEmpty()
    {
        _table.Add(Conflict("a"));
        _table.Current.Should().ContainSingle();

        _time.Advance(RouteTable.DefaultTimeout + TimeSpan.FromSeconds(1));

        _table.Current.Should().BeEmpty();
    }

    [Fact]
    public void Add_MoreThanAreKept_AddsNoneAndWarnsOfNone()
    {
        for (int name = 0; name <= ConflictTable.MaxConflicts; name++)
        {
            _table.Add(Conflict(name.ToString(CultureInfo.InvariantCulture)));
        }

        _table.Current.Should().HaveCount(ConflictTable.MaxConflicts);
        Warnings.Should().Be(ConflictTable.MaxConflicts);
    }

    [Fact]
    public async Task NameServer_BrokersOfTwoClusters_RefusesTheSecondWarnsAndTellsAdministrators()
    {
        using RecordingLoggerFactory log = new();
        await using NameServerFixture server = await NameServerFixture.StartAsync(log);
        RemotingClient admin = server.Client();
        await server.RegisterAsync(server.Client(), "a", 0, "h:1");
        (await server.AskAsync(admin, RequestCode.GetBrokerClusterInfo)).Get("conflicts").Should().BeNull("the answer is RocketMQ's where there is none");

        RemotingCommand refused = await server.RegisterAsync(server.Client(), "a", 0, "h:2", null, ("clusterName", "D"));
        await server.RegisterAsync(server.Client(), "a", 0, "h:2", null, ("clusterName", "D"));

        refused.Code.Should().Be(ResponseCode.SystemError);
        refused.Remark.Should().StartWith("brokers of two clusters register as a with id 0: h:1 of cluster C, and h:2 of cluster D, which the name server refuses.");
        log.Entries.Where(static entry => entry.Event == Warning).Should().ContainSingle().Which.Text.Should().Be(refused.Remark);
        (await server.AskAsync(admin, RequestCode.GetBrokerClusterInfo)).Get("conflicts").Should().Be($"a\t{refused.Remark}");
    }

    private static BrokerConflict Conflict(string name) => new(name, new BrokerClaim("C", 0, "h:1"), new BrokerClaim("C", 0, "h:2"), IsRefused: false);
}
