using System.Text;
using System.Text.Json.Nodes;

namespace RocketOps.Embedded.Tests.Api;

public sealed class PodLogTests
{
    private const string Pods = "/api/v1/namespaces/default/pods";
    private const string Pod = """{"metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"x:1"}]}}""";

    [Fact]
    public async Task Log_Options_ReachTheSourceAndItsBytesTheClient()
    {
        RecordingLogs logs = new();
        await using ApiTestServer api = await ApiTestServer.StartAsync(new EmbeddedApiOptions { PodLogs = logs }, installCrd: false);
        await api.SendAsync("POST", Pods, Pod);

        string text = await api.Client.GetStringAsync($"{Pods}/p/log?tailLines=2&previous=true&timestamps=true");

        text.Should().Be("one\ntwo\n");
        logs.Asked.Should().BeEquivalentTo(new PodLogRequest { Namespace = "default", Pod = "p", Container = "c", TailLines = 2, Previous = true, Timestamps = true });
    }

    [Theory]
    [InlineData("/p/log?container=zz", 400, "container zz is not valid for pod p")]
    [InlineData("/p/log?container=c", 400, "container \"c\" in pod \"p\" is waiting to start: ContainerCreating")]
    [InlineData("/nope/log", 404, "pods \"nope\" not found")]
    public async Task Log_ThatIsNotThere_SaysSo(string path, int expected, string message)
    {
        await using ApiTestServer api = await ApiTestServer.StartAsync(new EmbeddedApiOptions { PodLogs = new WaitingLogs() }, installCrd: false);
        await api.SendAsync("POST", Pods, Pod);

        (int code, JsonObject body) = await api.SendAsync("GET", Pods + path);

        code.Should().Be(expected);
        body["message"]!.ToString().Should().Be(message);
    }

    private sealed class RecordingLogs : IPodLogSource
    {
        public PodLogRequest? Asked { get; private set; }

        public async Task WriteLogAsync(PodLogRequest request, Stream destination, CancellationToken cancellationToken)
        {
            Asked = request;
            await destination.WriteAsync(Encoding.UTF8.GetBytes("one\ntwo\n"), cancellationToken);
        }
    }

    private sealed class WaitingLogs : IPodLogSource
    {
        public Task WriteLogAsync(PodLogRequest request, Stream destination, CancellationToken cancellationToken) =>
            throw new PodLogUnavailableException($"container \"{request.Container}\" in pod \"{request.Pod}\" is waiting to start: ContainerCreating");
    }
}
