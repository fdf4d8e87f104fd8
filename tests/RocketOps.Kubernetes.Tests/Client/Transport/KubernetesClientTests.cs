using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Client.Configuration;
using RocketOps.Kubernetes.Client.Transport;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Kubernetes.Tests.Support;
using RocketOps.Testing;
using RocketOps.Testing.Logging;
using RocketOps.Testing.Time;

namespace RocketOps.Kubernetes.Tests.Client.Transport;

public sealed class KubernetesClientTests : IAsyncLifetime
{
    private const string Pod = """{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"ns","resourceVersion":"7"},"unknown":{"x":1}}""";

    private FakeApiPeer _peer = null!;

    public async Task InitializeAsync() => _peer = await FakeApiPeer.StartAsync();

    public async Task DisposeAsync() => await _peer.DisposeAsync();

    [Fact]
    public async Task Get_UnknownFields_AreIgnored()
    {
        _peer.Then(200, Pod);
        using KubernetesClient client = _peer.CreateClient();

        Pod? pod = await client.GetAsync<Pod>("p", "ns");

        pod!.Metadata.ResourceVersion.Should().Be("7");
        _peer.Received.Should().ContainSingle().Which.PathAndQuery.Should().Be("/api/v1/namespaces/ns/pods/p");
    }

    [Fact]
    public async Task Get_NotFound_IsNull()
    {
        _peer.Then(404, Failure(404, "NotFound"));
        using KubernetesClient client = _peer.CreateClient();

        (await client.GetAsync<Pod>("p", "ns")).Should().BeNull();
    }

    [Theory]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(503)]
    [InlineData(504)]
    public async Task Get_TransientAnswer_IsRepeated(int code)
    {
        _peer.Then(code, Failure(code, "Later")).Then(code, Failure(code, "Later")).Then(200, Pod);
        using KubernetesClient client = _peer.CreateClient();

        (await client.GetAsync<Pod>("p", "ns")).Should().NotBeNull();

        _peer.Received.Should().HaveCount(3);
    }

    [Fact]
    public async Task Get_ConnectionBrokenOff_IsRepeated()
    {
        _peer.ThenBreakOff().Then(200, Pod);
        using KubernetesClient client = _peer.CreateClient();

        (await client.GetAsync<Pod>("p", "ns")).Should().NotBeNull();
    }

    [Fact]
    public async Task Get_NeverAnswered_GivesUpAfterItsAttempts()
    {
        for (int i = 0; i < 4; i++)
        {
            _peer.Then(503, Failure(503, "ServiceUnavailable"));
        }

        using KubernetesClient client = _peer.CreateClient();
        Func<Task<Pod?>> get = () => client.GetAsync<Pod>("p", "ns");

        (await get.Should().ThrowAsync<KubernetesException>()).Which.Code.Should().Be(HttpStatusCode.ServiceUnavailable);
        _peer.Received.Should().HaveCount(4);
    }

    /// <summary>The handler gives up such a connection by a cancellation that nobody has asked for; who takes it for a stop ends.</summary>
    [Fact]
    public async Task Server_ThatMakesNoConnection_HasNotAnswered()
    {
        using TcpListener silent = new(IPAddress.Loopback, 0);
        silent.Start();
        KubernetesClientOptions options = new()
        {
            ConnectTimeout = TimeSpan.FromMilliseconds(50),
            RequestTimeout = Eventually.DefaultDeadline,
            MaxAttempts = 2,
            InitialBackoff = TimeSpan.FromMilliseconds(1),
        };
        using RecordingLoggerFactory logs = new();
        using KubernetesClient client = new(
            new KubernetesClientConfiguration { Server = new Uri($"https://127.0.0.1:{((IPEndPoint)silent.LocalEndpoint).Port}"), SkipTlsVerify = true },
            options: options,
            logger: logs.CreateLogger<KubernetesClient>());

        (await client.Awaiting(server => server.GetAsync<Pod>("p", "ns")).Should().ThrowAsync<HttpRequestException>()).WithMessage("https://127.0.0.1:*/ cannot be reached: *");
        logs.Messages.Should().ContainSingle("a read may be repeated").Which.Should().Match("GET *api/v1/namespaces/ns/pods/p again in *: https://127.0.0.1:*/ cannot be reached: *");
        (await client.Awaiting(server => server.WatchAsync<Pod>().GetAsyncEnumerator().MoveNextAsync().AsTask()).Should().ThrowAsync<HttpRequestException>()).WithMessage("*cannot be reached*");
    }

    [Fact]
    public async Task Get_RetryAfter_IsHonoured()
    {
        _peer.Then(429, Failure(429, "TooManyRequests"), ("Retry-After", "1")).Then(200, Pod);
        FakeTimeProvider time = new();
        using KubernetesClient client = _peer.CreateClient(time: time);

        Task<Pod?> get = client.GetAsync<Pod>("p", "ns");
        await Eventually.TrueAsync(() => time.UntilNextTimer is { TotalSeconds: >= 1 and < 2 }, "it waits as long as it was told, and a little, as others are told the same");
        time.Advance(TimeSpan.FromSeconds(0.99));
        _peer.Received.Should().ContainSingle();
        time.Advance(TimeSpan.FromSeconds(1));

        (await get).Should().NotBeNull();
    }

    [Fact]
    public async Task Get_RetryAfterBeyondTheLimit_IsLeftToTheCaller()
    {
        _peer.Then(429, Failure(429, "TooManyRequests"), ("Retry-After", "3600"));
        using KubernetesClient client = _peer.CreateClient();
        Func<Task<Pod?>> get = () => client.GetAsync<Pod>("p", "ns");

        (await get.Should().ThrowAsync<KubernetesException>()).Which.RetryAfter.Should().Be(TimeSpan.FromHours(1));
    }

    [Fact]
    public async Task Create_AmbiguousFailure_IsNotRepeated()
    {
        _peer.Then(500, Failure(500, "InternalError"));
        using KubernetesClient client = _peer.CreateClient();
        Func<Task<Pod>> create = () => client.CreateAsync(new Pod { Metadata = new ObjectMeta { Name = "p", Namespace = "ns" } });

        await create.Should().ThrowAsync<KubernetesException>();
        _peer.Received.Should().ContainSingle("it may have been done");
    }

    [Fact]
    public async Task Create_Throttled_IsRepeated()
    {
        _peer.Then(429, Failure(429, "TooManyRequests")).Then(201, Pod);
        using KubernetesClient client = _peer.CreateClient();

        await client.CreateAsync(new Pod { Metadata = new ObjectMeta { Name = "p", Namespace = "ns" } });

        _peer.Received.Should().HaveCount(2, "429 means it was not done");
    }

    [Fact]
    public async Task Evict_ForbiddenByABudget_IsNotRepeated()
    {
        _peer.Then(429, Failure(429, "TooManyRequests", "DisruptionBudget"));
        using KubernetesClient client = _peer.CreateClient();
        Func<Task> evict = () => client.EvictAsync("p", "ns");

        (await evict.Should().ThrowAsync<KubernetesException>()).Which.Status.Details!.Causes.Should().ContainSingle(cause => cause.Reason == "DisruptionBudget");
        _peer.Received.Should().ContainSingle().Which.PathAndQuery.Should().Be("/api/v1/namespaces/ns/pods/p/eviction");
    }

    [Fact]
    public async Task Patch_JsonPatchAmbiguousFailure_IsNotRepeated()
    {
        _peer.Then(503, Failure(503, "ServiceUnavailable"));
        using KubernetesClient client = _peer.CreateClient();
        Func<Task<Pod>> patch = () => client.PatchAsync<Pod>("p", "ns", KubernetesPatch.Json([]));

        await patch.Should().ThrowAsync<KubernetesException>();
        _peer.Received.Should().ContainSingle();
    }

    [Fact]
    public async Task Patch_MergeWithoutVersion_IsRepeatedAndWithVersionIsNot()
    {
        _peer.Then(503, Failure(503, "ServiceUnavailable")).Then(200, Pod).Then(503, Failure(503, "ServiceUnavailable"));
        using KubernetesClient client = _peer.CreateClient();
        KubernetesPatch plain = KubernetesPatch.Merge(new JsonObject { ["metadata"] = new JsonObject { ["labels"] = new JsonObject { ["a"] = "b" } } });
        KubernetesPatch swap = KubernetesPatch.Merge(new JsonObject { ["metadata"] = new JsonObject { ["resourceVersion"] = "7" } });

        await client.PatchAsync<Pod>("p", "ns", plain);
        Func<Task<Pod>> swapping = () => client.PatchAsync<Pod>("p", "ns", swap);

        await swapping.Should().ThrowAsync<KubernetesException>();
        _peer.Received.Should().HaveCount(3);
        _peer.Received[0].Headers["Content-Type"].Should().Be("application/merge-patch+json");
    }

    [Fact]
    public async Task Apply_SendsTheIntentAlone()
    {
        _peer.Then(200, Pod);
        using KubernetesClient client = _peer.CreateClient();
        Pod pod = new Pod
        {
            Metadata = new ObjectMeta { Name = "p", Namespace = "ns", Uid = "u", ResourceVersion = "7", Generation = 3, Labels = [], ManagedFields = [] },
            Status = new PodStatus { Phase = "Running" },
            Spec = new PodSpec { Containers = [new Container { Name = "c" }] },
        };

        await client.ApplyAsync(pod, new ApplyOptions("me"));

        ReceivedRequest request = _peer.Received.Should().ContainSingle().Subject;
        request.PathAndQuery.Should().Be("/api/v1/namespaces/ns/pods/p?fieldManager=me&force=true&fieldValidation=Strict");
        request.Headers["Content-Type"].Should().Be("application/apply-patch+yaml");
        request.Body.Should().Be("""{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"ns"},"spec":{"containers":[{"name":"c"}]}}""");
    }

    [Fact]
    public async Task ApplyStatus_SendsTheStatusAlone()
    {
        _peer.Then(200, Pod);
        using KubernetesClient client = _peer.CreateClient();
        Pod pod = new Pod
        {
            Metadata = new ObjectMeta { Name = "p", Namespace = "ns", Labels = new() { ["a"] = "b" } },
            Status = new PodStatus { Phase = "Running" },
            Spec = new PodSpec(),
        };

        await client.ApplyStatusAsync(pod, new ApplyOptions("me") { Force = false });

        ReceivedRequest request = _peer.Received.Should().ContainSingle().Subject;
        request.PathAndQuery.Should().Be("/api/v1/namespaces/ns/pods/p/status?fieldManager=me&fieldValidation=Strict");
        request.Body.Should().Be("""{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"ns"},"status":{"phase":"Running"}}""");
    }

    [Fact]
    public async Task List_FollowsPages_AndReportsUnreadableObjects()
    {
        _peer
            .Then(200, """{"metadata":{"resourceVersion":"9","continue":"next page"},"items":[{"metadata":{"name":"a","namespace":"ns"},"spec":{"replicas":1}}]}""")
            .Then(200, """{"metadata":{"resourceVersion":"9"},"items":[{"metadata":{"name":"bad","namespace":"ns"},"spec":{"replicas":"many"}},{"metadata":{"name":"b"}}]}""");
        using KubernetesClient client = _peer.CreateClient();

        KubernetesList<Widget> list = await client.ListAsync<Widget>(new ListOptions { ResourceVersion = "0", Limit = 1, LabelSelector = "a in (b,c)" });

        list.Items.Select(w => w.Name()).Should().Equal("a", "b");
        list.Items[0].ApiVersion.Should().Be("test.rocketops.io/v1beta1");
        list.Unreadable.Should().ContainSingle().Which.Name.Should().Be("bad");
        _peer.Received.Select(r => r.PathAndQuery).Should().Equal(
            "/apis/test.rocketops.io/v1beta1/widgets?labelSelector=a%20in%20%28b%2Cc%29&limit=1&resourceVersion=0",
            "/apis/test.rocketops.io/v1beta1/widgets?labelSelector=a%20in%20%28b%2Cc%29&limit=1&continue=next%20page");
    }

    [Fact]
    public async Task Get_CompressedAnswer_IsUnpacked()
    {
        _peer.Then(async context =>
        {
            context.Response.Headers.ContentEncoding = "gzip";
            await using GZipStream gzip = new GZipStream(context.Response.Body, CompressionLevel.Fastest);
            await gzip.WriteAsync(Encoding.UTF8.GetBytes(Pod));
        });
        using KubernetesClient client = _peer.CreateClient();

        (await client.GetAsync<Pod>("p", "ns")).Should().NotBeNull();
        _peer.Received[0].Headers["Accept-Encoding"].Should().Be("gzip");
    }

    [Fact]
    public async Task Get_AnswerLargerThanTheLimit_IsRefused()
    {
        _peer.Then(async context =>
        {
            context.Response.Headers.ContentEncoding = "gzip";
            await using GZipStream gzip = new GZipStream(context.Response.Body, CompressionLevel.Fastest);
            await gzip.WriteAsync(new byte[1_000_000]);
        });
        using KubernetesClient client = _peer.CreateClient(new KubernetesClientOptions { MaxResponseBytes = 10_000 });
        Func<Task<Pod?>> get = () => client.GetAsync<Pod>("p", "ns");

        await get.Should().ThrowAsync<InvalidDataException>().WithMessage("*10000 bytes*");
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("""{"metadata":17}""")]
    public async Task Get_AnswerThatIsNoObject_IsRefused(string body)
    {
        _peer.Then(200, body);
        using KubernetesClient client = _peer.CreateClient();
        Func<Task<Pod?>> get = () => client.GetAsync<Pod>("p", "ns");

        await get.Should().ThrowAsync<InvalidDataException>();
    }

    [Fact]
    public async Task Error_ThatIsNoStatus_ShowsItsBeginning()
    {
        _peer.Then(403, "<html>proxy says no</html>");
        using KubernetesClient client = _peer.CreateClient();
        Func<Task<Pod?>> get = () => client.GetAsync<Pod>("p", "ns");

        (await get.Should().ThrowAsync<KubernetesException>()).Which.Message.Should().Contain("403").And.Contain("proxy says no");
    }

    /// <summary>While the file is gone, the token that was in there is asked with.</summary>
    [Theory]
    [InlineData("new\n", "Bearer new")]
    [InlineData(null, "Bearer old")]
    public async Task TokenFile_After401_IsReadAgain(string? content, string asked)
    {
        using TempDirectory directory = new TempDirectory();
        string file = directory.File("token");
        await File.WriteAllTextAsync(file, "old\n");
        _peer.Then(200, Pod).Then(401, Failure(401, "Unauthorized")).Then(200, Pod);
        using KubernetesClient client = _peer.CreateClient(configure: c => new KubernetesClientConfiguration { Server = c.Server, TokenFile = file });

        await client.GetAsync<Pod>("p", "ns");
        File.Delete(file);
        if (content is not null)
        {
            await File.WriteAllTextAsync(file, content);
        }

        await client.GetAsync<Pod>("p", "ns");

        _peer.Received.Select(r => r.Headers["Authorization"]).Should().Equal("Bearer old", "Bearer old", asked);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(" \n")]
    [InlineData("two words")]
    [InlineData("schl\u00fcssel")]
    public async Task TokenFile_WithoutAToken_IsToldByItsNameAndNothingIsSent(string? content)
    {
        using TempDirectory directory = new TempDirectory();
        string file = directory.File("token");
        if (content is not null)
        {
            await File.WriteAllTextAsync(file, content);
        }

        using KubernetesClient client = _peer.CreateClient(
            new KubernetesClientOptions { MaxAttempts = 1 }, configure: c => new KubernetesClientConfiguration { Server = c.Server, TokenFile = file });
        Func<Task<Pod?>> get = () => client.GetAsync<Pod>("p", "ns");

        (await get.Should().ThrowAsync<HttpRequestException>()).Which.Message.Should().Contain(file);
        _peer.Received.Should().BeEmpty();
    }

    [Fact]
    public async Task Get_ThroughAProxy_AsksItForTheServer()
    {
        _peer.Then(200, Pod);
        using KubernetesClient client = _peer.CreateClient(configure: c => new KubernetesClientConfiguration { Server = new Uri("http://api.invalid"), Proxy = c.Server });

        await client.GetAsync<Pod>("p", "ns");

        _peer.Received.Should().ContainSingle().Which.Headers["Host"].Should().Be("api.invalid");
    }

    [Fact]
    public async Task Unauthorized_WithAFixedToken_IsFinal()
    {
        _peer.Then(401, Failure(401, "Unauthorized"));
        using KubernetesClient client = _peer.CreateClient(configure: c => new KubernetesClientConfiguration { Server = c.Server, Token = "fixed" });
        Func<Task<Pod?>> get = () => client.GetAsync<Pod>("p", "ns");

        await get.Should().ThrowAsync<KubernetesException>();
        _peer.Received.Should().ContainSingle();
    }

    [Fact]
    public async Task Get_SlowAnswer_TimesOut()
    {
        TaskCompletionSource release = new TaskCompletionSource();
        for (int i = 0; i < 2; i++)
        {
            _peer.Then(async context => await Task.WhenAny(release.Task, Task.Delay(Timeout.Infinite, context.RequestAborted)));
        }

        FakeTimeProvider time = new();
        using KubernetesClient client = _peer.CreateClient(new KubernetesClientOptions { MaxAttempts = 2 }, time: time);
        Task<Pod?> get = client.GetAsync<Pod>("p", "ns");
        await PassAsync(time, get);

        Func<Task> end = () => get;
        await end.Should().ThrowAsync<TimeoutException>();
        release.SetResult();
    }

    [Fact]
    public async Task Watch_EventsSplitAnywhere_AreReadWhole()
    {
        string lines = Line("ADDED", "a", 1) + Line("MODIFIED", "ä€😀", 2) + """{"type":"BOOKMARK","object":{"kind":"Pod","metadata":{"resourceVersion":"3"}}}""" + "\n" + Line("DELETED", "a", 4);
        _peer.Then(context => WriteInPiecesAsync(context, Encoding.UTF8.GetBytes(lines), pieceBytes: 1));
        using KubernetesClient client = _peer.CreateClient();

        List<WatchEvent<Pod>> events = await ReadAsync(client);

        events.Select(e => (e.Type, e.ResourceVersion, Name: e.Object?.Name())).Should().Equal(
            (WatchEventType.Added, "1", "a"),
            (WatchEventType.Modified, "2", "ä€😀"),
            (WatchEventType.Bookmark, "3", null),
            (WatchEventType.Deleted, "4", "a"));
        _peer.Received[0].PathAndQuery.Should().Be("/api/v1/pods?watch=true&resourceVersion=1&allowWatchBookmarks=true");
        _peer.Received[0].Headers.Should().NotContainKey("Accept-Encoding", "compression holds small events back");
    }

    [Fact]
    public async Task Watch_PartialLastLine_IsDropped()
    {
        _peer.Then(200, Line("ADDED", "a", 1) + """{"type":"ADDED","obj""");
        using KubernetesClient client = _peer.CreateClient();

        (await ReadAsync(client)).Should().ContainSingle();
    }

    [Fact]
    public async Task Watch_ErrorEvent_IsAStatusWhateverTheKind()
    {
        _peer.Then(200, Line("ADDED", "a", 1) + $$"""{"type":"ERROR","object":{{Failure(410, "Expired")}}}""" + "\n");
        using KubernetesClient client = _peer.CreateClient();
        Func<Task<List<WatchEvent<Pod>>>> read = () => ReadAsync(client);

        (await read.Should().ThrowAsync<KubernetesException>()).Which.IsExpired.Should().BeTrue();
    }

    [Fact]
    public async Task Watch_UnreadableObject_DoesNotEndTheStream()
    {
        _peer.Then(200, """{"type":"ADDED","object":{"metadata":{"name":"bad","resourceVersion":"1"},"spec":{"containers":"none"}}}""" + "\n" + Line("ADDED", "good", 2));
        using KubernetesClient client = _peer.CreateClient();

        List<WatchEvent<Pod>> events = await ReadAsync(client);

        events[0].Unreadable!.Name.Should().Be("bad");
        events[0].ResourceVersion.Should().Be("1");
        events[1].Object!.Name().Should().Be("good");
    }

    [Theory]
    [InlineData("nonsense\n")]
    [InlineData("{}\n")]
    [InlineData("[1]\n")]
    [InlineData("""{"type":"ADDED","object":"text"}""" + "\n")]
    [InlineData("""{"type":"RENAMED","object":{}}""" + "\n")]
    [InlineData("""{"type":"ERROR","object":{"code":"many"}}""" + "\n")]
    public async Task Watch_MalformedLine_IsRefused(string line)
    {
        _peer.Then(200, line);
        using KubernetesClient client = _peer.CreateClient();
        Func<Task<List<WatchEvent<Pod>>>> read = () => ReadAsync(client);

        await read.Should().ThrowAsync<InvalidDataException>();
    }

    [Fact]
    public async Task Watch_EventLargerThanTheLimit_IsRefused()
    {
        _peer.Then(200, new string('x', 100_000));
        using KubernetesClient client = _peer.CreateClient(new KubernetesClientOptions { MaxWatchEventBytes = 10_000 });
        Func<Task<List<WatchEvent<Pod>>>> read = () => ReadAsync(client);

        await read.Should().ThrowAsync<InvalidDataException>().WithMessage("*10000 bytes*");
    }

    [Fact]
    public async Task Watch_SilentForTooLong_TimesOut()
    {
        _peer.Then(async context =>
        {
            await context.Response.WriteAsync(Line("ADDED", "a", 1));
            await context.Response.Body.FlushAsync();
            await Task.WhenAny(Task.Delay(Timeout.Infinite, context.RequestAborted));
        });
        FakeTimeProvider time = new();
        using KubernetesClient client = _peer.CreateClient(time: time);
        await using IAsyncEnumerator<WatchEvent<Pod>> watch = client.WatchAsync<Pod>(new WatchOptions { ResourceVersion = "1", IdleTimeout = TimeSpan.FromMinutes(1) }).GetAsyncEnumerator();
        (await watch.MoveNextAsync()).Should().BeTrue("of this there was a sign of life");
        Task<bool> next = watch.MoveNextAsync().AsTask();
        await PassAsync(time, next);

        Func<Task> end = () => next;
        await end.Should().ThrowAsync<TimeoutException>().WithMessage("*no sign of life*");
    }

    /// <summary>Lets time pass until the work has ended.</summary>
    private static Task PassAsync(FakeTimeProvider time, Task work) => Eventually.TrueAsync(
        () =>
        {
            time.Advance(TimeSpan.FromSeconds(10));
            return work.IsCompleted;
        },
        "it ends in time");

    private static async Task<List<WatchEvent<Pod>>> ReadAsync(KubernetesClient client)
    {
        using CancellationTokenSource deadline = new CancellationTokenSource(Eventually.DefaultDeadline);
        List<WatchEvent<Pod>> events = new List<WatchEvent<Pod>>();
        await foreach (WatchEvent<Pod> item in client.WatchAsync<Pod>(new WatchOptions { ResourceVersion = "1" }, deadline.Token))
        {
            events.Add(item);
        }

        return events;
    }

    private static async Task WriteInPiecesAsync(HttpContext context, byte[] bytes, int pieceBytes)
    {
        for (int i = 0; i < bytes.Length; i += pieceBytes)
        {
            await context.Response.Body.WriteAsync(bytes.AsMemory(i, Math.Min(pieceBytes, bytes.Length - i)));
            await context.Response.Body.FlushAsync();
        }
    }

    private static string Line(string type, string name, int version)
    {
        JsonObject pod = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Pod",
            ["metadata"] = new JsonObject { ["name"] = name, ["resourceVersion"] = version.ToString() },
        };

        // As the server writes it: characters beyond ASCII as they are.
        return new JsonObject { ["type"] = type, ["object"] = pod }.ToJsonString(new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }) + "\n";
    }

    private static string Failure(int code, string reason, string? cause = null) => new JsonObject
    {
        ["kind"] = "Status",
        ["apiVersion"] = "v1",
        ["status"] = "Failure",
        ["reason"] = reason,
        ["code"] = code,
        ["message"] = "for a test",
        ["details"] = cause is null ? null : new JsonObject { ["causes"] = new JsonArray(new JsonObject { ["reason"] = cause }) },
    }.ToJsonString();
}
