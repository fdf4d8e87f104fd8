using RocketOps.Interop.Tests.Fixtures;
using RocketOps.Testing;
using RocketOps.Testing.Remoting;
using RocketOps.Testing.Servers;

namespace RocketOps.Interop.Tests.RocketOps;

/// <summary>What an operator finds in our log after a connection was closed for what it sent.</summary>
[Collection(RocketOpsCollection.Name)]
public sealed class BadInputLogTests(RocketOpsFixture fixture)
{
    [SkippableTheory]
    [InlineData("broker")]
    [InlineData("nameServer")]
    public async Task Frame_Broken_LogNamesPeerAndReason(string end)
    {
        ServerUnderTest server = fixture.Server;
        await using RawConnection hostile = await RawConnection.ConnectAsync(end == "broker" ? server.BrokerAddress : server.NameServerAddress);

        await hostile.SendAsync(RawFrame.Encode("no header at all"u8, []));

        (await hostile.ReceiveAsync()).Should().BeNull();
        await Eventually.TrueAsync(
            async () => (await server.LogsAsync()).Split('\n').Any(line => line.Contains($":{hostile.LocalPort} ") && line.Contains("malformed frame: ")),
            $"a line of the {end}'s log that names port {hostile.LocalPort} and why it was closed");
    }
}
