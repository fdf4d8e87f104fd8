using System.Net;
using RocketOps.Broker.Tests.Support;
using RocketOps.Testing;
using RocketOps.Testing.Processes;

namespace RocketOps.Broker.Tests.Hosting;

public sealed class HealthTests
{
    [Fact]
    public async Task Get_HealthPath_Answers()
    {
        await using TestBroker broker = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["httpPort"] = "-1", ["brokerClusterName"] = "the \"big\" \\ one" });
        using HttpClient client = new();

        foreach (string path in (string[])["/livez", "/readyz", "/startupz", "/metrics"])
        {
            (await StatusAsync(path)).Should().Be(HttpStatusCode.OK, path);
        }

        (await StatusAsync("/else")).Should().Be(HttpStatusCode.NotFound);
        string page = await client.GetStringAsync($"http://{broker.Host.HttpEndPoint}/metrics");
        page.Should().Contain("rocketmq_topic_number{cluster=\"the \\\"big\\\" \\\\ one\",node_type=", "names are escaped");

        async Task<HttpStatusCode> StatusAsync(string path)
        {
            using HttpResponseMessage response = await client.GetAsync($"http://{broker.Host.HttpEndPoint}{path}");
            return response.StatusCode;
        }
    }

    /// <summary>No client finds a broker that is registered nowhere; once it was, name servers that are away do not count.</summary>
    [Fact]
    public async Task Ready_NameServersAreNotThere_OnlyOnceOneKnowsTheBroker()
    {
        using TempDirectory directory = new("names-");
        int port = LoopbackPorts.Find();
        await using TestBroker broker = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["httpPort"] = "-1", ["namesrvAddr"] = $"127.0.0.1:{port}" });
        using HttpClient client = new();
        await broker.Host.FirstRegistration;

        (HttpStatusCode status, string why) = await ReadyAsync();
        status.Should().Be(HttpStatusCode.ServiceUnavailable);
        why.Should().Contain($"no name server of namesrvAddr=127.0.0.1:{port} knows this broker; 127.0.0.1:{port}: ");

        await using (await NameServers.StartAsync(directory, port))
        {
            await Eventually.TrueAsync(async () => (await ReadyAsync()).Status == HttpStatusCode.OK, "the broker has registered");
        }

        (await ReadyAsync()).Status.Should().Be(HttpStatusCode.OK, "clients that have the routes go on");

        async Task<(HttpStatusCode Status, string Text)> ReadyAsync()
        {
            using HttpResponseMessage response = await client.GetAsync($"http://{broker.Host.HttpEndPoint}/readyz");
            return (response.StatusCode, await response.Content.ReadAsStringAsync());
        }
    }
}
