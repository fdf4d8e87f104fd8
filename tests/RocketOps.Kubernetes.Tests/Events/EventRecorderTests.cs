using System.Text;
using RocketOps.Kubernetes.Events;
using RocketOps.Kubernetes.Models;
using RocketOps.Kubernetes.Tests.Support;
using RocketOps.Testing;
using RocketOps.Testing.Time;

namespace RocketOps.Kubernetes.Tests.Events;

public sealed class EventRecorderTests : IAsyncLifetime
{
    private readonly FakeKubernetesClient _client = new();
    private readonly FakeTimeProvider _time = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly EventRecorder _recorder;
    private Task _running = Task.CompletedTask;

    public EventRecorderTests() =>
        _recorder = new EventRecorder(_client, new EventRecorderOptions { ReportingController = "rocketops.io/tests", QueueLength = 20 }, _time);

    private static Widget Widget => new() { Metadata = new ObjectMeta { Name = "a", Namespace = "default", Uid = "u" } };

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
    }

    [Fact]
    public async Task Record_First_IsCreatedComplete()
    {
        Start();
        _recorder.Record(Widget, EventType.Warning, "Broken", "Repair", new string('ä', 2000));

        await WritesAsync(1);
        Event item = (await _client.ListAsync<Event>()).Items.Single();
        item.Type.Should().Be("Warning");
        item.Reason.Should().Be("Broken");
        item.Action.Should().Be("Repair");
        item.ReportingController.Should().Be("rocketops.io/tests");
        item.Regarding!.Uid.Should().Be("u");
        item.EventTime.Should().Be(_time.GetUtcNow());
        Encoding.UTF8.GetByteCount(item.Note!).Should().Be(1024);
    }

    [Fact]
    public async Task Record_Repeated_IsCountedAndWrittenRarely()
    {
        Start();
        for (int i = 0; i < 10; i++)
        {
            _recorder.Record(Widget, EventType.Normal, "Rolled", "Roll", "pod 0");
            await Eventually.TrueAsync(() => _client.Writes.Count >= Math.Min(i + 1, 2), "the event was taken");
        }

        // Events are taken one after the other: when this one is written, all of them are counted.
        _recorder.Record(Widget, EventType.Normal, "Marked", "Mark", "");
        await Eventually.TrueAsync(async () => (await _client.ListAsync<Event>()).Items.Any(static item => item.Reason == "Marked"), "all events were taken");
        _client.Writes.Should().HaveCount(3, "one creation, one patch that makes it a series, and the one behind them");

        // After the silence the final count is written.
        await Eventually.TrueAsync(
            () =>
            {
                _time.Advance(TimeSpan.FromMinutes(1));
                return _client.Writes.Count == 4;
            },
            "the count is written");
        (await _client.ListAsync<Event>()).Items.Single(static item => item.Reason == "Rolled").Series!.Count.Should().Be(10);
    }

    [Fact]
    public async Task Record_DifferentNotes_AreDifferentEvents()
    {
        Start();
        _recorder.Record(Widget, EventType.Normal, "Written", "Write", "written on a");
        _recorder.Record(Widget, EventType.Normal, "Written", "Write", "written on b");
        _recorder.Record(Widget, EventType.Normal, "Written", "Write", "written on b");

        await WritesAsync(3);
        List<Event> items = (await _client.ListAsync<Event>()).Items.OrderBy(item => item.Note, StringComparer.Ordinal).ToList();
        items.Select(item => (item.Note, item.Series?.Count)).Should().Equal(("written on a", null), ("written on b", 2));
    }

    [Fact]
    public async Task Record_NotesThatAlwaysDiffer_AreCombinedFromTheTenthOn()
    {
        Start();
        for (int i = 0; i < 30; i++)
        {
            _recorder.Record(Widget, EventType.Normal, "Rolled", "Roll", $"pod {i}");
            await Eventually.TrueAsync(() => _client.Writes.Count >= Math.Min(i + 1, 11), "the event was taken");
        }

        _client.Writes.Should().HaveCount(11, "nine creations, one of the combined event, one patch that makes it a series");
        IReadOnlyList<Event> items = (await _client.ListAsync<Event>()).Items;
        items.Should().HaveCount(10);
        items.Should().ContainSingle(item => item.Note == "(combined from similar events): pod 9").Which.Series!.Count.Should().Be(2, "later ones are counted in memory");
    }

    [Fact]
    public async Task Record_AfterTenMinutesOfSilence_IsNotCombinedAnyMore()
    {
        Start();
        for (int i = 0; i < 10; i++)
        {
            _recorder.Record(Widget, EventType.Normal, "Rolled", "Roll", $"pod {i}");
        }

        await WritesAsync(10);
        _time.Advance(TimeSpan.FromMinutes(11));
        _recorder.Record(Widget, EventType.Normal, "Rolled", "Roll", "pod 10");

        await Eventually.TrueAsync(async () => (await _client.ListAsync<Event>()).Items.Any(item => item.Note == "pod 10"), "it is an event of its own");
    }

    [Fact]
    public async Task Record_DifferentReason_IsAnotherEvent()
    {
        Start();
        _recorder.Record(Widget, EventType.Normal, "One", "Act", "");
        _recorder.Record(Widget, EventType.Normal, "Two", "Act", "");

        await WritesAsync(2);
        (await _client.ListAsync<Event>()).Items.Should().HaveCount(2);
    }

    [Fact]
    public async Task Record_ServerFails_IsHarmless()
    {
        int failed = 0;
        _client.Fault = _ => Interlocked.Increment(ref failed) == 1 ? FakeKubernetesClient.Error(403, "Forbidden") : null;
        Start();

        _recorder.Record(Widget, EventType.Normal, "One", "Act", "");
        _recorder.Record(Widget, EventType.Normal, "Two", "Act", "");

        await WritesAsync(1);
        (await _client.ListAsync<Event>()).Items.Single().Reason.Should().Be("Two");
    }

    [Fact]
    public async Task Record_QueueFull_DropsTheRestWithoutBlocking()
    {
        for (int i = 0; i < 50; i++)
        {
            _recorder.Record(Widget, EventType.Normal, $"Reason{i}", "Act", "");
        }

        Start();

        await WritesAsync(20);
        _recorder.Record(Widget, EventType.Normal, "Later", "Act", "");
        await WritesAsync(21);
        (await _client.ListAsync<Event>()).Items.Should().HaveCount(21).And.Contain(e => e.Reason == "Later");
    }

    private void Start() => _running = _recorder.RunAsync(_stop.Token);

    private Task WritesAsync(int count) => Eventually.TrueAsync(() => _client.Writes.Count == count, $"{count} writes");
}
