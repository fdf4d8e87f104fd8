using System.Text.Json.Nodes;

namespace RocketOps.Embedded.Tests.Api;

public sealed class WatchTests
{
    [Fact]
    public async Task Watch_FromAVersionOutsideTheWindow_EndsWith410InAnEvent()
    {
        await using ApiTestServer api = await ApiTestServer.StartAsync();
        string version = (string)(await api.CreateAsync("a"))["metadata"]!["resourceVersion"]!;
        await api.CreateAsync("b");
        api.Server.ForgetHistory();

        using StreamReader watch = await api.WatchAsync($"resourceVersion={version}");

        JsonNode error = JsonNode.Parse((await watch.ReadLineAsync())!)!;
        error["type"]!.ToString().Should().Be("ERROR");
        error["object"]!["code"]!.GetValue<int>().Should().Be(410);
        (await watch.ReadLineAsync()).Should().BeNull("the stream ends");
    }

    [Fact]
    public async Task Watch_WithoutEvents_AnswersHeadersAtOnceAndThenBookmarks()
    {
        await using ApiTestServer api = await ApiTestServer.StartAsync(new EmbeddedApiOptions { BookmarkInterval = TimeSpan.FromMilliseconds(50) });

        // Returns when the headers are there; no event ever comes.
        using StreamReader watch = await api.WatchAsync($"allowWatchBookmarks=true&resourceVersion={api.Server.ResourceVersion}");

        JsonNode bookmark = JsonNode.Parse((await watch.ReadLineAsync())!)!;
        bookmark["type"]!.ToString().Should().Be("BOOKMARK");
        bookmark["object"]!["metadata"]!["resourceVersion"]!.ToString().Should().Be(api.Server.ResourceVersion.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task Watch_ManyWrites_SeesEachOnceInOrder()
    {
        const int writes = 300;
        await using ApiTestServer api = await ApiTestServer.StartAsync();
        using StreamReader watch = await api.WatchAsync($"resourceVersion={api.Server.ResourceVersion}");

        // Beside the reading, as a watch that nobody reads is ended.
        Task writing = WriteAsync();
        long last = 0;
        for (int i = 0; i < writes; i++)
        {
            JsonNode change = JsonNode.Parse((await watch.ReadLineAsync())!)!;
            change["object"]!["metadata"]!["name"]!.ToString().Should().Be($"w{i}");
            long version = long.Parse((string)change["object"]!["metadata"]!["resourceVersion"]!, System.Globalization.CultureInfo.InvariantCulture);
            version.Should().BeGreaterThan(last);
            last = version;
        }

        await writing;

        async Task WriteAsync()
        {
            for (int i = 0; i < writes; i++)
            {
                await api.CreateAsync($"w{i}");
            }
        }
    }

    [Fact]
    public async Task Watch_ClientThatDoesNotRead_IsEnded()
    {
        await using ApiTestServer api = await ApiTestServer.StartAsync(new EmbeddedApiOptions { SlowReaderTimeout = TimeSpan.FromMilliseconds(100) });
        using HttpClient slow = EmbeddedClients.For(api.Server);
        using HttpResponseMessage response = await slow.GetAsync($"{ApiTestServer.Widgets}?watch=true", HttpCompletionOption.ResponseHeadersRead);
        string filling = new('x', 200_000);
        await api.CreateAsync("big");
        int written = 0;

        // More than the stream's window and the sockets' buffers hold.
        for (; written < 60; written++)
        {
            await api.SendAsync("PATCH", $"{ApiTestServer.Widgets}/big", $$$$"""{"metadata":{"annotations":{"a":"{{{{written}}}}{{{{filling}}}}"}}}""", "application/merge-patch+json");
        }

        Func<Task> read = async () =>
        {
            using StreamReader reader = new(await response.Content.ReadAsStreamAsync());
            int lines = 0;
            while (lines <= written && await reader.ReadLineAsync() is not null)
            {
                lines++;
            }
        };

        (await read.Should().ThrowAsync<Exception>()).Where(e => e is HttpRequestException || e is IOException, "the server resets the stream");
    }

    [Fact]
    public async Task Exact_List_ShowsThePastUntilItIsForgotten()
    {
        await using ApiTestServer api = await ApiTestServer.StartAsync();
        string version = (string)(await api.CreateAsync("a"))["metadata"]!["resourceVersion"]!;
        await api.CreateAsync("b");
        await api.SendAsync("DELETE", $"{ApiTestServer.Widgets}/a");
        string path = $"{ApiTestServer.Widgets}?resourceVersionMatch=Exact&resourceVersion={version}";

        JsonObject past = (await api.SendAsync("GET", path)).Body;
        api.Server.ForgetHistory();
        (int code, JsonObject expired) = await api.SendAsync("GET", path);

        past["items"]!.AsArray().Select(i => i!["metadata"]!["name"]!.ToString()).Should().Equal("a");
        code.Should().Be(410);
        expired["message"]!.ToString().Should().Be("The resourceVersion for the provided list is too old.");
    }
}
