using System.Net;
using RocketOps.Broker.Tests.Support;

namespace RocketOps.Broker.Tests.Hosting;

public sealed class HealthTests
{
    [Theory]
    [InlineData("/livez", HttpStatusCode.OK)]
    [InlineData("/readyz", HttpStatusCode.OK)]
    [InlineData("/startupz", HttpStatusCode.OK)]
    [InlineData("/metrics", HttpStatusCode.OK)]
    [InlineData("/else", HttpStatusCode.NotFound)]
    public async Task Get_HealthPath_Answers(string path, HttpStatusCode expected)
    {
        await using TestBroker broker = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["httpPort"] = "-1" });
        using HttpClient client = new();

        using HttpResponseMessage response = await client.GetAsync($"http://{broker.Host.HttpEndPoint}{path}");

        response.StatusCode.Should().Be(expected);
    }

    [Fact]
    public async Task Metrics_NamesWithQuotes_AreEscaped()
    {
        await using TestBroker broker = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["httpPort"] = "-1", ["brokerClusterName"] = "the \"big\" \\ one" });
        using HttpClient client = new();

        string page = await client.GetStringAsync($"http://{broker.Host.HttpEndPoint}/metrics");

        page.Should().Contain("rocketmq_topic_number{cluster=\"the \\\"big\\\" \\\\ one\",node_type=");
    }
}
