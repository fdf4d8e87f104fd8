using System.Net;
using RocketOps.Broker.Tests.Support;

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
}
