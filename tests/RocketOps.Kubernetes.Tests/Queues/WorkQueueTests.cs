using FsCheck;
using FsCheck.Fluent;
using RocketOps.Kubernetes.Queues;
using RocketOps.Testing.Time;
using RocketOps.Testing;

namespace RocketOps.Kubernetes.Tests.Queues;

public sealed class WorkQueueTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly WorkQueue<string> _queue;

    public WorkQueueTests() => _queue = new WorkQueue<string>(_time);

    public void Dispose() => _queue.Dispose();

    [Fact]
    public async Task Add_Twice_IsTakenOnce()
    {
        _queue.Add("a");
        _queue.Add("a");

        (await TakeAsync()).Should().Be("a");
        _queue.Done("a");

        _queue.Depth.Should().Be(0);
    }

    [Fact]
    public async Task Add_WhileWorking_IsTakenAgainAfterDone()
    {
        _queue.Add("a");
        await TakeAsync();

        _queue.Add("a");
        _queue.Depth.Should().Be(0, "one key is worked on once at a time");
        _queue.Done("a");

        (await TakeAsync()).Should().Be("a");
    }

    [Fact]
    public async Task Take_LowPriority_ComesAfterNormal()
    {
        _queue.Add("resync-1", WorkPriority.Low);
        _queue.Add("resync-2", WorkPriority.Low);
        _queue.Add("change");
        _queue.Add("resync-2");

        (await TakeAsync()).Should().Be("change");
        (await TakeAsync()).Should().Be("resync-2", "a change lifted it");
        (await TakeAsync()).Should().Be("resync-1");
    }

    [Fact]
    public async Task AddAfter_IsTakenWhenDue()
    {
        _queue.AddAfter("a", TimeSpan.FromSeconds(10));

        _time.Advance(TimeSpan.FromSeconds(9.9));
        _queue.Depth.Should().Be(0);
        _time.Advance(TimeSpan.FromSeconds(0.1));

        (await TakeAsync()).Should().Be("a");
    }

    [Fact]
    public void AddAfter_EarlierOfTwo_Counts()
    {
        _queue.AddAfter("a", TimeSpan.FromSeconds(10));
        _queue.AddAfter("a", TimeSpan.FromSeconds(1));
        _queue.AddAfter("a", TimeSpan.FromSeconds(5));

        _time.Advance(TimeSpan.FromSeconds(1));

        _queue.Depth.Should().Be(1);
    }

    [Fact]
    public async Task AddAfter_LowPriority_GoesBehindWhatSomebodyChanged()
    {
        _queue.AddAfter("resync", TimeSpan.FromSeconds(1), WorkPriority.Low);
        _queue.AddAfter("both", TimeSpan.FromSeconds(1), WorkPriority.Low);
        _queue.AddAfter("both", TimeSpan.FromSeconds(5));
        _time.Advance(TimeSpan.FromSeconds(1));
        _queue.Add("edit");

        (await TakeAsync()).Should().Be("both", "the higher of two priorities counts");
        (await TakeAsync()).Should().Be("edit");
        (await TakeAsync()).Should().Be("resync");
    }

    [Fact]
    public async Task AddAfter_ATakeInBetween_EndsTheDelay()
    {
        _queue.AddAfter("a", TimeSpan.FromSeconds(10));
        _queue.Add("a");
        await TakeAsync();
        _queue.Done("a");

        _time.Advance(TimeSpan.FromSeconds(20));

        _queue.Depth.Should().Be(0, "the pass saw everything and asked for nothing");
    }

    [Fact]
    public async Task Retry_DoublesUpToTheLimit_AndForgetStartsAnew()
    {
        List<double> delays = new List<double>();
        for (int i = 0; i < 12; i++)
        {
            delays.Add(await RetryDelayAsync());
        }

        delays.Should().Equal(0.5, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300);
        _queue.Failing.Should().Be(1);
        _queue.Forget("a");
        (await RetryDelayAsync()).Should().Be(0.5);
    }

    [Fact]
    public void Retry_OfManyKeysAtOnce_IsSpreadByTheCommonRate()
    {
        for (int i = 0; i < 200; i++)
        {
            _queue.Retry($"key-{i}");
        }

        _time.Advance(TimeSpan.FromSeconds(0.5));
        _queue.Depth.Should().BeInRange(100, 106, "a hundred pass at once, the others ten a second");
        _time.Advance(TimeSpan.FromSeconds(10));
        _queue.Depth.Should().Be(200);
    }

    /// <summary>A hundred events of one outage are not a hundred failures: the next attempt comes when it was due.</summary>
    [Fact]
    public async Task Retry_PassesOfEventsFailDuringBackoff_TheAttemptComesWhenItWasDue()
    {
        (await RetryDelayAsync()).Should().Be(0.5);
        _queue.Retry("a");
        TimeSpan due = _time.UntilNextTimer!.Value;
        due.Should().Be(TimeSpan.FromSeconds(1));
        _time.Advance(TimeSpan.FromSeconds(0.25));

        for (int i = 0; i < 100; i++)
        {
            _queue.Add("a");
            await TakeAsync();
            _queue.Retry("a");
            _queue.Done("a");
        }

        _time.UntilNextTimer.Should().Be(TimeSpan.FromSeconds(0.75));
        _time.Advance(TimeSpan.FromSeconds(0.75));
        await TakeAsync();
        _queue.Done("a");
        (await RetryDelayAsync()).Should().Be(2, "one more failure that was waited for");
    }

    [Fact]
    public async Task Add_DuringBackoff_DoesNotWait()
    {
        _queue.Retry("a");

        _queue.Add("a");

        (await TakeAsync()).Should().Be("a");
    }

    [Fact]
    public void Done_WithoutTake_IsABug()
    {
        Action done = () => _queue.Done("a");

        done.Should().Throw<InvalidOperationException>();
    }

    /// <summary>
    /// Against the model: a key added after its last take began is taken again later; none is handed out twice at once; nothing comes from nothing.
    /// </summary>
    [Fact]
    public void AnySequence_LosesNothingAndDoublesNothing()
    {
        Gen<(int kind, int key)> operation = Gen.Choose(0, 4).SelectMany(_ => Gen.Choose(0, 3), (kind, key) => (kind, key));
        Prop.ForAll(operation.ListOf().ToArbitrary(), operations => Run([.. operations])).Check(Config.QuickThrowOnFailure.WithMaxTest(300));
    }

    private static bool Run(IReadOnlyList<(int Kind, int Key)> operations)
    {
        FakeTimeProvider time = new FakeTimeProvider();
        using WorkQueue<int> queue = new WorkQueue<int>(time);
        HashSet<int> pending = new HashSet<int>();
        HashSet<int> delayed = new HashSet<int>();
        HashSet<int> working = new HashSet<int>();
        foreach ((int kind, int key) in operations)
        {
            switch (kind)
            {
                case 0:
                    queue.Add(key, key % 2 == 0 ? WorkPriority.Normal : WorkPriority.Low);
                    pending.Add(key);
                    break;
                case 1:
                    queue.AddAfter(key, TimeSpan.FromSeconds(1 + key));
                    delayed.Add(key);
                    break;
                case 2:
                    time.Advance(TimeSpan.FromSeconds(10));
                    pending.UnionWith(delayed);
                    delayed.Clear();
                    break;
                case 3 when queue.Depth > 0:
                    Task<WorkItem<int>> taken = queue.TakeAsync(CancellationToken.None);
                    if (!taken.IsCompletedSuccessfully || !pending.Remove(taken.Result.Key) || !working.Add(taken.Result.Key))
                    {
                        return false;
                    }

                    delayed.Remove(taken.Result.Key);
                    break;
                case 4 when working.Remove(key):
                    queue.Done(key);
                    break;
            }

            if (queue.Depth != pending.Except(working).Count())
            {
                return false;
            }
        }

        return true;
    }

    private async Task<double> RetryDelayAsync()
    {
        _queue.Retry("a");
        TimeSpan wait = _time.UntilNextTimer!.Value;
        _time.Advance(wait);
        await TakeAsync();
        _queue.Done("a");
        return wait.TotalSeconds;
    }

    private async Task<string> TakeAsync() => (await _queue.TakeAsync(CancellationToken.None).WaitAsync(Eventually.DefaultDeadline)).Key;
}
