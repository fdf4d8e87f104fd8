using RocketOps.Operator.Entities;
using RocketOps.Operator.Tests.Support;
using RocketOps.Testing;

namespace RocketOps.Operator.Tests.Controllers;

/// <summary>Where a cluster's status sends its clients.</summary>
public sealed class ClientAddressTests
{
    [Fact]
    public async Task Status_ClientsAreOutsideOfTheNetwork_NamesWhatTheyReachOnceThatIsKnown()
    {
        string? known = null;
        await using OperatorWorld world = await OperatorWorld.StartAsync(options => options with
        {
            ClientAddress = service => service.ToString() == "default/a-nameserver" ? Volatile.Read(ref known) : null,
        });
        await world.CreateClusterAsync("a");
        (await world.ClusterAsync("a", "Ready", "True")).Status!.NameServers.Should().Be("a-nameserver.default.svc:9876");

        Volatile.Write(ref known, "127.0.0.1:9877");

        await Eventually.TrueAsync(async () => (await world.Client.GetAsync<BrokerCluster>("a", OperatorWorld.Ns))?.Status?.NameServers == "127.0.0.1:9877", "the address is known");
    }
}
