using System.Net;
using RocketOps.NameServer.Tests.Support;
using RocketOps.Testing;

namespace RocketOps.NameServer.Tests.Peers;

/// <summary>A name server is ready when it knows the brokers the others know.</summary>
public sealed class PeerCatchUpTests
{
    [Fact]
    public async Task Ready_AnotherKnowsMoreBrokers_WaitsUntilTheyHaveRegisteredHere()
    {
        await using NameServerFixture other = await NameServerFixture.StartAsync();
        await other.RegisterAsync(other.Client(), "broker-a", 0, "10.0.0.1:10911");
        await other.RegisterAsync(other.Client(), "broker-a", 1, "10.0.0.2:10911");
        await using NameServerFixture fresh = await NameServerFixture.StartAsync("httpPort=0", $"peers={other.Address}", "waitSecondsForService=3600");

        await EventuallyAsync(fresh, "/readyz", HttpStatusCode.ServiceUnavailable, "waiting for broker broker-a:0");
        await EventuallyAsync(fresh, "/startupz", HttpStatusCode.OK, "ok");
        await fresh.RegisterAsync(fresh.Client(), "broker-a", 1, "10.0.0.2:10911");
        await EventuallyAsync(fresh, "/readyz", HttpStatusCode.ServiceUnavailable, "waiting for broker broker-a:0");
        await fresh.RegisterAsync(fresh.Client(), "broker-a", 0, "10.0.0.1:10911");

        await EventuallyAsync(fresh, "/readyz", HttpStatusCode.OK, "ok");
    }

    [Fact]
    public async Task Ready_OnceCaughtUp_StaysSo()
    {
        await using NameServerFixture other = await NameServerFixture.StartAsync();
        await using NameServerFixture fresh = await NameServerFixture.StartAsync("httpPort=0", $"peers={other.Address}", "waitSecondsForService=3600");
        await EventuallyAsync(fresh, "/readyz", HttpStatusCode.OK, "ok");

        await other.RegisterAsync(other.Client(), "broker-a", 0, "10.0.0.1:10911");

        (await AskAsync(fresh, "/readyz")).Status.Should().Be(HttpStatusCode.OK, "the others are asked at the start alone");
    }

    /// <summary>The first name server of a cluster, and one whose peers are gone.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("127.0.0.1:1")]
    public async Task Ready_NobodyThere_AtOnce(string peers)
    {
        await using NameServerFixture fresh = await NameServerFixture.StartAsync("httpPort=0", $"peers={peers}", "waitSecondsForService=3600");

        await EventuallyAsync(fresh, "/readyz", HttpStatusCode.OK, "ok");
    }

    /// <summary>What another one lists may have died a minute ago.</summary>
    [Fact]
    public async Task Ready_BrokerNeverRegisters_WaitsNoLongerThanALivingOneTakes()
    {
        await using NameServerFixture other = await NameServerFixture.StartAsync();
        await other.RegisterAsync(other.Client(), "broker-a", 0, "10.0.0.1:10911");
        await using NameServerFixture fresh = await NameServerFixture.StartAsync("httpPort=0", $"peers={other.Address}", "waitSecondsForService=1");

        await EventuallyAsync(fresh, "/readyz", HttpStatusCode.OK, "ok");
    }

    private static Task EventuallyAsync(NameServerFixture server, string path, HttpStatusCode status, string words) => Eventually.TrueAsync(
        async () => await AskAsync(server, path) is { } answer && answer.Status == status && answer.Text.StartsWith(words, StringComparison.Ordinal), $"{path} answers {status} with \"{words}\"");

    private static async Task<(HttpStatusCode Status, string Text)> AskAsync(NameServerFixture server, string path)
    {
        using HttpClient client = new();
        using HttpResponseMessage answer = await client.GetAsync(new Uri($"http://{server.Host.HttpEndPoint}{path}"));
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }
}
