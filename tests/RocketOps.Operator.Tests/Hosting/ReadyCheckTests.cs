using System.Net;
using RocketOps.Operator.Hosting;
using RocketOps.Testing.Time;

namespace RocketOps.Operator.Tests.Hosting;

/// <summary>What <c>helm test</c> runs right after an installation waits for an operator that is still listing.</summary>
public sealed class ReadyCheckTests
{
    private static readonly Uri Address = new("http://operator.test/readyz");

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task RunAsync_NotThereThenNotReadyThenReady_IsReady()
    {
        int asked = 0;

        string? problem = await RunAsync(() => asked++ switch
        {
            0 => throw new HttpRequestException("refused"),
            1 => new HttpResponseMessage(HttpStatusCode.ServiceUnavailable) { Content = new StringContent("Topic: not listed yet\n") },
            _ => new HttpResponseMessage(HttpStatusCode.OK),
        });

        problem.Should().BeNull();
        asked.Should().Be(3);
    }

    [Fact]
    public async Task RunAsync_NeverReady_SaysWhatItSaidLast() =>
        (await RunAsync(static () => new HttpResponseMessage(HttpStatusCode.ServiceUnavailable) { Content = new StringContent("Topic: not listed yet\n") })).Should().Be("503 Topic: not listed yet");

    /// <summary>Time passes with every question.</summary>
    private async Task<string?> RunAsync(Func<HttpResponseMessage> answer)
    {
        using HttpClient client = new(new Answers(answer, _time));
        return await new ReadyCheck(client, _time, TimeSpan.Zero).RunAsync(Address, CancellationToken.None);
    }

    private sealed class Answers(Func<HttpResponseMessage> answer, FakeTimeProvider time) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return Task.FromResult(answer());
        }
    }
}
