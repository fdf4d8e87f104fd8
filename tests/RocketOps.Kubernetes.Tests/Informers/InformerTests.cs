using System.Collections.Concurrent;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Informers;
using RocketOps.Kubernetes.Models;
using RocketOps.Kubernetes.Tests.Support;
using RocketOps.Testing;
using RocketOps.Testing.Time;

namespace RocketOps.Kubernetes.Tests.Informers;

public sealed class InformerTests : IAsyncLifetime
{
    private static readonly InformerOptions Options = new() { InitialBackoff = TimeSpan.FromMilliseconds(5), MaxBackoff = TimeSpan.FromMilliseconds(20) };

    private readonly FakeKubernetesClient _client = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<string> _told = new();
    private Informer<Widget> _informer = null!;
    private Task _running = Task.CompletedTask;

    public Task InitializeAsync()
    {
        _informer = new Informer<Widget>(_client, Options);
        _informer.Subscribe(e => _told.Enqueue($"{e.Type} {e.Object.Name()}{(e.IsInitial ? " initially" : "")}"));
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
    }

    [Fact]
    public async Task Run_TellsWhatIsThere_ThenWhatChanges()
    {
        _client.Put(Widget("a"));
        await StartAsync();
        _client.Put(Widget("b"));
        _client.Put(Widget("a", replicas: 2));
        _client.Remove<Widget>("b");

        await ToldAsync("Added a initially", "Added b", "Updated a", "Deleted b");
        _informer.List().Select(w => w.Name()).Should().Equal("a");
        _informer.Get("default", "a")!.Spec.Replicas.Should().Be(2);
    }

    [Fact]
    public async Task Watch_EndsNormally_GoesOnWithoutListing()
    {
        await StartAsync();
        _client.Put(Widget("a"));
        await ToldAsync("Added a");

        _client.EndWatches();
        await WatchingAsync();
        _client.Put(Widget("b"));

        await ToldAsync("Added a", "Added b");
        _client.Lists.Should().Be(1);
    }

    [Fact]
    public async Task Watch_Expired_TellsChangesAndDeletionsOfTheGap()
    {
        _client.Put(Widget("stays"));
        _client.Put(Widget("goes"));
        _client.Put(Widget("changes"));
        await StartAsync();

        _client.Silently(() =>
        {
            _client.Remove<Widget>("goes");
            _client.Put(Widget("changes", replicas: 5));
            _client.Put(Widget("comes"));
        });
        _client.EndWatches(FakeKubernetesClient.Error(410, "Expired"));

        await Eventually.TrueAsync(() => _told.Count >= 6, "three events at the start and three after the gap");
        _told.Skip(3).Should().BeEquivalentTo(["Updated changes initially", "Added comes initially", "Deleted goes"]);
        _client.Lists.Should().Be(2);
    }

    [Fact]
    public async Task Watch_AnotherObjectOfTheSameNameAfterTheGap_IsADeletionAndAnAddition()
    {
        _client.Put(Widget("a"));
        await StartAsync();
        string before = _informer.Get("default", "a")!.Uid();

        _client.Silently(() =>
        {
            _client.Remove<Widget>("a");
            _client.Put(Widget("a"));
        });
        _client.EndWatches(FakeKubernetesClient.Error(410, "Expired"));

        await ToldAsync("Added a initially", "Deleted a initially", "Added a initially");
        _informer.Get("default", "a")!.Uid().Should().NotBe(before);
    }

    [Fact]
    public async Task ListAndWatch_FailingForAWhile_RecoverWithoutLoss()
    {
        int failures = 0;
        _client.Put(Widget("a"));
        _client.Fault = call => call is "list Widget" && Interlocked.Increment(ref failures) <= 3 ? FakeKubernetesClient.Error(503, "ServiceUnavailable") : null;
        await StartAsync();
        failures = 0;
        _client.Fault = call => call is "watch Widget" && Interlocked.Increment(ref failures) <= 5 ? new HttpRequestException("no route") : null;
        _client.EndWatches(new IOException("broken off"));
        _client.Put(Widget("b"));

        await Eventually.TrueAsync(() => _told.Any(static t => t.StartsWith("Added b", StringComparison.Ordinal)), "the informer sees what it missed");
        _told.Count(t => t.StartsWith("Added b", StringComparison.Ordinal)).Should().Be(1);
    }

    /// <summary>An informer that ends takes the operator with it.</summary>
    [Theory]
    [InlineData(typeof(TaskCanceledException))]
    [InlineData(typeof(InvalidOperationException))]
    public async Task ListAndWatch_FailingForWhateverReason_GoOn(Type reason)
    {
        int failures = 0;
        _client.Fault = call => call is "watch Widget" or "list Widget" && Interlocked.Increment(ref failures) is > 1 and <= 8 ? (Exception)Activator.CreateInstance(reason)! : null;
        await StartAsync();
        _client.Put(Widget("a"));

        await Eventually.TrueAsync(() => _informer.Get("default", "a") is not null, "the informer sees what it missed");
        failures.Should().BeGreaterThan(8, "it was tried until it could be done");
        _running.IsCompleted.Should().BeFalse();
    }

    /// <summary>Status that names a master which is gone is worth nothing, and begins to be true with the first list.</summary>
    [Fact]
    public async Task Server_ThatWasAwayForLong_IsAskedAgainWithinSeconds_AndSoAfterItsFirstRefusals()
    {
        FakeTimeProvider time = new();
        InformerOptions options = new();
        Informer<Widget> informer = new(_client, options, time);
        Exception fault = new HttpRequestException("no route");
        int asked = 0;
        _client.Fault = call =>
        {
            if (call is not "list Widget")
            {
                return null;
            }

            Interlocked.Increment(ref asked);
            return fault;
        };
        _running = informer.RunAsync(_stop.Token);

        for (int attempt = 1; attempt <= 20; attempt++)
        {
            (await PauseAsync(attempt)).Should().BeLessThanOrEqualTo(options.MaxBackoffWithoutAnswer);
        }

        fault = FakeKubernetesClient.Error(503, "ServiceUnavailable");
        await PauseAsync(21);
        (await PauseAsync(22)).Should().BeLessThanOrEqualTo(options.InitialBackoff, "a server that has just been started refuses for a moment");
        TimeSpan longest = TimeSpan.Zero;
        for (int attempt = 23; attempt <= 40; attempt++)
        {
            TimeSpan pause = await PauseAsync(attempt);
            longest = pause > longest ? pause : longest;
        }

        longest.Should().BeGreaterThan(options.MaxBackoffWithoutAnswer, "one that answers and goes on refusing is left alone").And.BeLessThanOrEqualTo(options.MaxBackoff);

        async Task<TimeSpan> PauseAsync(int attempt)
        {
            await Eventually.TrueAsync(() => Volatile.Read(ref asked) == attempt && time.PendingTimers == 1, $"attempt {attempt} has failed");
            TimeSpan pause = time.UntilNextTimer!.Value;
            time.Advance(pause);
            return pause;
        }
    }

    [Fact]
    public async Task HasSynced_BeforeTheListIsThrough_IsFalse()
    {
        _client.Fault = call => call is "list Widget" ? FakeKubernetesClient.Error(403, "Forbidden") : null;
        _running = _informer.RunAsync(_stop.Token);

        await Eventually.TrueAsync(() => ((IInformerLoop)_informer).Problem is not null, "the problem is known");
        _informer.HasSynced.Should().BeFalse();
        ((IInformerLoop)_informer).Problem.Should().Contain("Forbidden");
    }

    [Fact]
    public async Task Handler_ThatThrows_DoesNotStopTheOthers()
    {
        using IDisposable broken = _informer.Subscribe(_ => throw new InvalidOperationException("a bug"));
        await StartAsync();
        _client.Put(Widget("a"));
        _client.Put(Widget("b"));

        await ToldAsync("Added a", "Added b");
    }

    [Fact]
    public async Task OwnedBy_FollowsOwnerReferences()
    {
        _client.Put(Widget("child", owner: "owner-1"));
        _client.Put(Widget("orphan"));
        await StartAsync();

        _informer.OwnedBy("owner-1").Select(w => w.Name()).Should().Equal("child");
        _client.Put(Widget("child", owner: "owner-2"));

        await Eventually.TrueAsync(() => _informer.OwnedBy("owner-2").Count == 1, "the index follows the change");
        _informer.OwnedBy("owner-1").Should().BeEmpty();
    }

    [Fact]
    public async Task AddIndex_FindsByValue()
    {
        _informer.AddIndex("title", w => [w.Spec.Title]);
        _client.Put(Widget("a", title: "x"));
        _client.Put(Widget("b", title: "y"));
        await StartAsync();

        _informer.ByIndex("title", "y").Select(w => w.Name()).Should().Equal("b");
    }

    [Fact]
    public async Task Cache_KeepsNoManagedFieldsButTheWantedOnes()
    {
        _informer = new Informer<Widget>(_client, Options with { KeepManagedFieldsOf = "me" });
        Widget widget = Widget("a");
        widget.Metadata.ManagedFields = [new ManagedFieldsEntry { Manager = "kubectl" }, new ManagedFieldsEntry { Manager = "me" }];
        widget.Metadata.Annotations = new() { ["kubectl.kubernetes.io/last-applied-configuration"] = "{}", ["keep"] = "this" };
        _client.Put(widget);
        await StartAsync();

        ObjectMeta cached = _informer.Get("default", "a")!.Metadata;
        cached.ManagedFields.Should().ContainSingle().Which.Manager.Should().Be("me");
        cached.Annotations.Should().ContainSingle().Which.Key.Should().Be("keep");
    }

    [Fact]
    public async Task WaitForVersion_OfAnOwnWrite_EndsOnceTheCacheHoldsIt()
    {
        await StartAsync();
        _client.Silently(() => _client.Put(Widget("own")));
        Widget written = (await _client.GetAsync<Widget>("own", "default"))!;

        Task seen = _informer.WaitForVersionAsync(written.Metadata.ResourceVersion!, CancellationToken.None);
        seen.IsCompleted.Should().BeFalse("the watch has not told of it");
        _client.EndWatches(FakeKubernetesClient.Error(410, "Expired"));
        await seen.WaitAsync(Eventually.DefaultDeadline);

        _informer.Get("default", "own").Should().NotBeNull();
        await _informer.WaitForVersionAsync("9", CancellationToken.None).WaitAsync(Eventually.DefaultDeadline);
    }

    [Fact]
    public async Task Run_SeveralNamespaces_EachWithItsOwnListAndOneCache()
    {
        _client.Put(In("one", "a"));
        _client.Put(In("two", "a"));
        _client.Put(In("three", "a"));
        _informer = new Informer<Widget>(_client, Options with { Namespaces = ["one", "two"] });
        _running = _informer.RunAsync(_stop.Token);
        await _informer.WaitForSyncAsync(_stop.Token).WaitAsync(Eventually.DefaultDeadline);
        await Eventually.TrueAsync(() => _client.OpenWatches == 2, "both are watched");
        _informer.List().Select(static widget => widget.Namespace()).Should().BeEquivalentTo("one", "two");

        _client.Put(In("two", "b"));
        _client.Put(In("three", "b"));
        await Eventually.TrueAsync(() => _informer.Get("two", "b") is not null, "a change in the second namespace is seen");
        _informer.Count.Should().Be(3);

        // What a new list of one namespace does not have says nothing of the other.
        _client.Silently(() => _client.Remove<Widget>("a", "one"));
        _client.EndWatches(FakeKubernetesClient.Error(410, "Expired"));
        await Eventually.TrueAsync(() => _informer.Get("one", "a") is null, "what is gone from the first namespace is gone");
        await Eventually.TrueAsync(() => _client.OpenWatches == 2, "both are watched again");
        _informer.List().Select(static widget => $"{widget.Namespace()}/{widget.Name()}").Should().BeEquivalentTo("two/a", "two/b");
    }

    [Fact]
    public async Task List_ObjectThatCannotBeRead_IsNamedWithItsFieldUntilItCan()
    {
        Spoil("bad", color: "Purple");
        _client.Put(Widget("good"));
        await StartAsync();

        _informer.Unreadable.Should().ContainSingle();
        _informer.Unreadable[new ObjectKey("default", "bad")].Should().Be("spec.color: the value is no WidgetColor that is known here.");
        _informer.List().Select(static widget => widget.Name()).Should().Equal("good");

        _client.Put(Widget("bad"));
        await ToldAsync("Added good initially", "Added bad");
        await Eventually.TrueAsync(() => _informer.Unreadable.Count == 0, "it can be read");
    }

    [Fact]
    public async Task Watch_ObjectThatCannotBeReadAnyMore_IsNamedAndKeptAsItWasUntilItIsDeleted()
    {
        _client.Put(Widget("a"));
        await StartAsync();

        Spoil("a", color: "Purple", replicas: 5);
        await Eventually.TrueAsync(() => _informer.Unreadable.Count == 1, "it is named");
        _informer.Get("default", "a")!.Spec.Replicas.Should().Be(1);

        _client.Remove<Widget>("a");
        await ToldAsync("Added a initially", "Deleted a");
        await Eventually.TrueAsync(() => _informer.Unreadable.Count == 0, "it is gone");
    }

    [Fact]
    public async Task Watch_MetadataOfAnObjectThatCannotBeReadAnyMore_IsReadBesideItsSpecOfBefore()
    {
        _client.Put(Widget("a"));
        await StartAsync();
        string? version = _informer.Get("default", "a")!.Metadata.ResourceVersion;

        Widget annotated = Widget("a", replicas: 5);
        annotated.Metadata.Uid = _informer.Get("default", "a")!.Metadata.Uid;
        annotated.Metadata.Annotations = new(StringComparer.Ordinal) { ["paused"] = "true" };
        annotated.Metadata.DeletionTimestamp = DateTimeOffset.UnixEpoch;
        _client.Spoil(annotated, static widget => widget["spec"]!["color"] = "Purple");

        await ToldAsync("Added a initially", "Updated a");
        Widget kept = _informer.Get("default", "a")!;
        kept.Spec.Replicas.Should().Be(1);
        kept.Metadata.Annotations.Should().Equal(new Dictionary<string, string> { ["paused"] = "true" });
        kept.Metadata.DeletionTimestamp.Should().Be(DateTimeOffset.UnixEpoch);
        kept.Metadata.ResourceVersion.Should().Be(version, "whoever writes it has not seen what is there");
        _informer.Unreadable.Should().ContainSingle();
    }

    [Fact]
    public async Task Watch_ObjectMadeAgainThatCannotBeRead_TheOneOfBeforeIsGone()
    {
        _client.Put(Widget("a"));
        await StartAsync();

        Widget another = Widget("a");
        another.Metadata.Uid = "another";
        _client.Spoil(another, static widget => widget["spec"]!["color"] = "Purple");

        await ToldAsync("Added a initially", "Deleted a");
        _informer.Get("default", "a").Should().BeNull();
        _informer.Unreadable.Should().ContainSingle();
    }

    /// <summary>Whoever tells people of it writes each time: neither other fields nor long values may make another reason of the same one.</summary>
    [Fact]
    public async Task Watch_UnreadableObjectChangesElsewhere_TheReasonStaysAndNothingIsToldOfIt()
    {
        await StartAsync();
        ConcurrentQueue<ObjectKey> told = new();
        using IDisposable subscription = _informer.SubscribeUnreadable(told.Enqueue);
        Spoil("a", color: new string('x', 5000), title: "t");
        await Eventually.TrueAsync(() => told.Count == 1, "it is told");
        string reason = _informer.Unreadable[new ObjectKey("default", "a")];

        Spoil("a", color: new string('x', 5000), title: "longer");
        Spoil("b", color: "Purple");
        await Eventually.TrueAsync(() => _informer.Unreadable.Count == 2 && told.Count > 1, "the next one is told");

        told.Select(static key => key.Name).Should().Equal("a", "b");
        _informer.Unreadable[new ObjectKey("default", "a")].Should().Be(reason);
        reason.Length.Should().BeLessThan(1000);
    }

    [Fact]
    public async Task Subscribe_Unreadable_TellsThoseThereAreThenEachThatChangesAndFindsItInTheCache()
    {
        Spoil("a", color: "Purple");
        await StartAsync();
        ConcurrentQueue<string> told = new();
        using IDisposable subscription = _informer.SubscribeUnreadable(key =>
            told.Enqueue($"{key.Name} {(_informer.Unreadable.ContainsKey(key) ? "unreadable" : _informer.Get(key) is null ? "gone" : "readable")}"));
        told.Should().Equal("a unreadable");

        _client.Put(Widget("a"));
        Spoil("b", color: "Purple");
        _client.Remove<Widget>("b");
        _client.Put(Widget("c"));

        await Eventually.TrueAsync(() => _informer.Get("default", "c") is not null, "all was seen");
        told.Should().Equal("a unreadable", "a readable", "b unreadable", "b gone");
    }

    [Fact]
    public async Task Relist_UnreadableObjects_AreThoseOfTheNewList()
    {
        Spoil("goes", color: "Purple");
        Spoil("heals", color: "Purple");
        Spoil("stays", color: "Purple");
        _client.Put(Widget("spoils"));
        await StartAsync();

        _client.Silently(() =>
        {
            _client.Remove<Widget>("goes");
            _client.Put(Widget("heals"));
            Spoil("spoils", color: "Purple");
        });
        _client.EndWatches(FakeKubernetesClient.Error(410, "Expired"));

        await Eventually.TrueAsync(() => _informer.Unreadable.Keys.Select(static key => key.Name).Order(StringComparer.Ordinal).SequenceEqual(["spoils", "stays"]), "the list counts");
        _informer.List().Select(static widget => widget.Name()).Should().BeEquivalentTo("heals", "spoils");
    }

    private void Spoil(string name, string color, int replicas = 1, string title = "t") =>
        _client.Spoil(Widget(name, replicas, title), widget => widget["spec"]!["color"] = color);

    private static Widget In(string ns, string name)
    {
        Widget widget = Widget(name);
        widget.Metadata.Namespace = ns;
        return widget;
    }

    private static Widget Widget(string name, int replicas = 1, string title = "t", string? owner = null) => new()
    {
        Metadata = new ObjectMeta
        {
            Name = name,
            Namespace = "default",
            OwnerReferences = owner is null ? null : [new OwnerReference { ApiVersion = "v1", Kind = "Thing", Name = owner, Uid = owner, Controller = true }],
        },
        Spec = new WidgetSpec { Title = title, Replicas = replicas },
    };

    private async Task StartAsync()
    {
        _running = _informer.RunAsync(_stop.Token);
        await _informer.WaitForSyncAsync(_stop.Token).WaitAsync(Eventually.DefaultDeadline);
        await WatchingAsync();
    }

    private Task WatchingAsync() => Eventually.TrueAsync(() => _client.OpenWatches > 0, "the watch is open");

    private async Task ToldAsync(params string[] expected)
    {
        await Eventually.TrueAsync(() => _told.Count >= expected.Length, $"{expected.Length} events were told");
        _told.Should().Equal(expected);
    }
}
