using System.Text;
using RocketOps.NameServer.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Client;
using RocketOps.Testing;

namespace RocketOps.NameServer.Tests.Registration;

/// <summary>The master of a group that elects it, as clients find it: the epoch is the registration's stateVersion, and the address may go over from one member to the next.</summary>
public sealed class ElectedMasterTests
{
    private const string Service = "10.0.0.9:10911";

    [Fact]
    public async Task MasterThatIsGone_IsInNoRouteAnyMore()
    {
        await using NameServerFixture server = await NameServerFixture.StartAsync();
        RemotingClient master = server.Client();
        await RegisterAsync(server, master, 0, Service, epoch: 4);
        await RegisterAsync(server, server.Client(), 2, "10.0.0.2:10911", epoch: 4);

        await master.DisposeAsync();

        await Eventually.TrueAsync(async () => !(await RouteAsync(server)).Contains(Service, StringComparison.Ordinal), "nobody is sent to an address that nobody serves");
        (await RouteAsync(server)).Should().Contain("10.0.0.2:10911", "consumers read from the slave");
        await RegisterAsync(server, server.Client(), 0, Service, epoch: 5);
        (await RouteAsync(server)).Should().Contain(Service, "the new master is there at once");
    }

    /// <summary>A member stands in at that address until somebody leads, and what is sent there waits.</summary>
    [Fact]
    public async Task MasterThatIsGone_ItsAddressFollowsTheMaster_StaysInTheRouteUntilTheNextOneStops()
    {
        await using NameServerFixture server = await NameServerFixture.StartAsync();
        RemotingClient master = server.Client();
        await RegisterAsync(server, master, 0, Service, epoch: 4, followsMaster: true);
        await RegisterAsync(server, master, 1, "10.0.0.1:10911", epoch: 4);
        await RegisterAsync(server, server.Client(), 2, "10.0.0.2:10911", epoch: 4);

        await master.DisposeAsync();
        await Eventually.TrueAsync(async () => !(await RouteAsync(server)).Contains("10.0.0.1:10911", StringComparison.Ordinal), "the end of its connection is noticed");
        (await RouteAsync(server)).Should().Contain($"\"0\":\"{Service}\"", "a producer that finds no master fails at once");

        RemotingClient next = server.Client();
        await RegisterAsync(server, next, 0, Service, epoch: 5, followsMaster: true);
        await server.AskAsync(next, RequestCode.UnregisterBroker, null, ("brokerName", "a"), ("brokerAddr", Service), ("clusterName", "C"), ("brokerId", "0"));
        (await RouteAsync(server)).Should().NotContain(Service, "it was told that nobody leads any more");
    }

    [Fact]
    public async Task OldMasterThatWakesUp_DoesNotTakeTheAddressBackNorOutOfTheRoutes()
    {
        await using NameServerFixture server = await NameServerFixture.StartAsync();
        RemotingClient old = server.Client();
        await RegisterAsync(server, old, 0, Service, epoch: 4);
        RemotingClient elected = server.Client();
        await RegisterAsync(server, elected, 0, Service, epoch: 5);

        await RegisterAsync(server, old, 0, Service, epoch: 4);
        await RegisterAsync(server, old, 1, "10.0.0.1:10911", epoch: 5);
        await old.DisposeAsync();

        await Eventually.TrueAsync(async () => !(await RouteAsync(server)).Contains("10.0.0.1:10911", StringComparison.Ordinal), "the end of the old one's connection is noticed");
        (await RouteAsync(server)).Should().Contain(Service, "the elected master has registered by a connection of its own");
        await elected.DisposeAsync();
        await Eventually.TrueAsync(async () => (await server.RouteAsync()).Code == ResponseCode.TopicNotExist, "that connection's end tells that nobody is left");
    }

    /// <summary>Each member with an address of its own: the one that leads no more is often the first to say so.</summary>
    [Fact]
    public async Task FormerMaster_StaysInTheRouteUntilTheNextOneRegisters()
    {
        const string Former = "10.0.0.1:10911";
        const string Elected = "10.0.0.2:10911";
        await using NameServerFixture server = await NameServerFixture.StartAsync();
        RemotingClient former = server.Client();
        await RegisterAsync(server, former, 0, Former, epoch: 4);
        await RegisterAsync(server, server.Client(), 2, Elected, epoch: 4);

        await RegisterAsync(server, former, 1, Former, epoch: 4);
        (await RouteAsync(server)).Should().Contain($"\"0\":\"{Former}\"", "a producer that finds no master fails at once").And.Contain($"\"1\":\"{Former}\"");
        await RegisterAsync(server, former, 1, Former, epoch: 5);
        await RegisterAsync(server, server.Client(), 0, Elected, epoch: 5);

        (await RouteAsync(server)).Should().Contain($"\"0\":\"{Elected}\"").And.Contain($"\"1\":\"{Former}\"").And.NotContain($"\"2\":\"{Elected}\"");
    }

    [Fact]
    public async Task FormerMasterThatIsGone_IsInNoRouteAnyMore()
    {
        await using NameServerFixture server = await NameServerFixture.StartAsync();
        RemotingClient former = server.Client();
        await RegisterAsync(server, former, 0, "10.0.0.1:10911", epoch: 4);
        await RegisterAsync(server, server.Client(), 2, "10.0.0.2:10911", epoch: 4);
        await RegisterAsync(server, former, 1, "10.0.0.1:10911", epoch: 4);

        await former.DisposeAsync();

        await Eventually.TrueAsync(async () => !(await RouteAsync(server)).Contains("10.0.0.1", StringComparison.Ordinal), "under neither id");
    }

    private static async Task RegisterAsync(NameServerFixture server, RemotingClient broker, long id, string address, long epoch, bool followsMaster = false)
    {
        byte[] body = Encoding.UTF8.GetBytes(Bodies.Json("T", "U").Replace("\"stateVersion\":0", $"\"stateVersion\":{epoch}", StringComparison.Ordinal));
        (await server.RegisterAsync(broker, "a", id, address, body, ("addressFollowsMaster", followsMaster ? "true" : "false"))).Code.Should().Be(ResponseCode.Success);
    }

    private static async Task<string> RouteAsync(NameServerFixture server) => Encoding.UTF8.GetString((await server.RouteAsync()).Body.Span);
}
