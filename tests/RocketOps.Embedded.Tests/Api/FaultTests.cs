using System.Text.Json.Nodes;

namespace RocketOps.Embedded.Tests.Api;

public sealed class FaultTests
{
    [Fact]
    public async Task Fail_MatchingCall_AnswersTheFaultAndHasNoEffect()
    {
        await using ApiTestServer api = await ApiTestServer.StartAsync();
        api.Server.FaultHook = call => call is { Verb: "create", Resource: "widgets" } ? ApiFault.Fail(429, "TooManyRequests") with { RetryAfterSeconds = 1 } : null;

        (int code, JsonObject body) = await api.SendAsync("POST", ApiTestServer.Widgets, "{}");
        api.Server.FaultHook = null;

        code.Should().Be(429);
        body["reason"]!.ToString().Should().Be("TooManyRequests");
        (await api.SendAsync("GET", ApiTestServer.Widgets)).Body["items"]!.AsArray().Should().BeEmpty();
    }

    [Fact]
    public async Task LoseAnswer_Create_HappensWithoutTheClientLearningOfIt()
    {
        await using ApiTestServer api = await ApiTestServer.StartAsync();
        api.Server.FaultHook = call => call.Verb == "create" ? ApiFault.LoseAnswer : null;

        Func<Task> create = () => api.CreateAsync("a");

        await create.Should().ThrowAsync<HttpRequestException>();
        (await api.CodeAsync($"{ApiTestServer.Widgets}/a")).Should().Be(200);
    }

    [Fact]
    public async Task Drop_Create_HasNoEffect()
    {
        await using ApiTestServer api = await ApiTestServer.StartAsync();
        api.Server.FaultHook = call => call.Verb == "create" ? ApiFault.Drop : null;

        Func<Task> create = () => api.CreateAsync("a");

        await create.Should().ThrowAsync<HttpRequestException>();
        (await api.CodeAsync($"{ApiTestServer.Widgets}/a")).Should().Be(404);
    }

    [Fact]
    public async Task CutWatchAfter_OneEvent_EndsTheWatchBehindIt()
    {
        await using ApiTestServer api = await ApiTestServer.StartAsync();
        await api.CreateAsync("a");
        await api.CreateAsync("b");
        api.Server.FaultHook = call => call.Verb == "watch" ? new ApiFault { CutWatchAfter = 1 } : null;

        using StreamReader watch = await api.WatchAsync(string.Empty);
        string? first = await watch.ReadLineAsync();
        string? second = await watch.ReadLineAsync();

        first.Should().Contain("\"ADDED\"");
        second.Should().BeNull();
    }

    [Fact]
    public async Task ForgetHistory_WatchFromBefore_EndsWith410()
    {
        await using ApiTestServer api = await ApiTestServer.StartAsync();
        await api.CreateAsync("a");
        api.Server.ForgetHistory();

        using StreamReader watch = await api.WatchAsync("resourceVersion=1");

        (await watch.ReadLineAsync()).Should().Contain("\"code\":410");
        (await watch.ReadLineAsync()).Should().BeNull();
    }
}
