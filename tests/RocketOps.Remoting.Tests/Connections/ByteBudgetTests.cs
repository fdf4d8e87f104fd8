using System.IO.Pipelines;
using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Remoting.Connections;
using RocketOps.Remoting.Server.Connections;
using RocketOps.Testing;
using RocketOps.Testing.Time;

namespace RocketOps.Remoting.Tests.Connections;

/// <summary>Who is paused and who is closed, for what connections hold; the sockets are not there.</summary>
public sealed class ByteBudgetTests : IDisposable
{
    private const int Limit = 100;

    private static readonly TimeSpan LongEnough = TimeSpan.FromSeconds(1);

    private readonly FakeTimeProvider _time = new();
    private readonly List<Holder> _holders = [];
    private readonly ByteBudget _budget;
    private int _looks;

    public ByteBudgetTests() => _budget = new ByteBudget(Limit, LongEnough, _time, NullLogger.Instance) { Connections = Look };

    public void Dispose() => _budget.Dispose();

    [Theory]
    [InlineData(256, 4096, 256)]
    [InlineData(256, 768, 192)]
    [InlineData(256, 64, 32)]
    [InlineData(8, 64, 8)]
    public void Limit_OfLittleMemory_IsAQuarterOfIt(int wantedMiB, int memoryMiB, int limitMiB)
    {
        const long MiB = 1024 * 1024;
        OpenConnections connections = new(new RequestHandlerRegistry(), new RemotingServerOptions { EndPoints = [], MaxHeldBytes = wantedMiB * MiB, MemoryBytes = memoryMiB * MiB }, TimeProvider.System, NullLogger.Instance);

        connections.Budget.Limit.Should().Be(limitMiB * MiB);
    }

    [Fact]
    public void Pauses_Exceeded_ThoseAboveTheLevel()
    {
        (Holder much, Holder little, Holder nothing) = (Add(99), Add(1), Add(0));
        _holders.Should().NotContain(holder => _budget.Pauses(holder.Connection), "the limit is kept");

        little.Connection.ChangeHeld(19);

        _budget.Pauses(much.Connection).Should().BeTrue();
        _budget.Pauses(little.Connection).Should().BeFalse("the other one is to hold no more than 80");
        _budget.Pauses(nothing.Connection).Should().BeFalse();
    }

    [Fact]
    public void Pauses_ManyHoldNothing_TheirPartsAreForThoseThatHoldALittle()
    {
        Holder honest = Add(2);
        Holder[] idle = [.. Enumerable.Range(0, 1000).Select(_ => Add(0))];
        Holder[] greedy = [.. Enumerable.Range(0, 17).Select(_ => Add(6))];

        _budget.Pauses(honest.Connection).Should().BeFalse("the greedy ones hold too much, however many are connected");
        greedy.Should().OnlyContain(holder => _budget.Pauses(holder.Connection));
        idle.Should().NotContain(holder => _budget.Pauses(holder.Connection));
    }

    [Fact]
    public void Level_WhileExceeded_IsFoundOnceInAWhileHoweverMuchIsCounted()
    {
        Holder first = Add(60);
        Holder second = Add(60);

        for (int i = 0; i < 1000; i++)
        {
            _budget.Pauses(first.Connection).Should().BeTrue();
            second.Connection.ChangeHeld(-60);
            second.Connection.ChangeHeld(60);
        }

        _looks.Should().Be(1);
        _time.Advance(TimeSpan.FromMilliseconds(ByteBudget.CheckMilliseconds));
        _budget.Pauses(first.Connection).Should().BeTrue();
        _looks.Should().Be(2);
    }

    [Fact]
    public void Exceeded_ForTheTime_AsManyAreClosedAsItTakes()
    {
        Holder[] greedy = [Add(13), Add(12)];
        Holder[] others = [.. Enumerable.Range(0, 9).Select(_ => Add(11))];

        _time.Advance(LongEnough / 2);
        _holders.Should().NotContain(static holder => holder.IsClosed, "it may be over in a moment");
        _time.Advance(LongEnough / 2);

        greedy.Should().OnlyContain(static holder => holder.IsClosed, "both of them hold together what is too much");
        others.Should().NotContain(static holder => holder.IsClosed);
    }

    [Fact]
    public void Exceeded_NotForTheWholeTime_NobodyIsClosed()
    {
        Holder holder = Add(110);

        _time.Advance(LongEnough / 2);
        holder.Connection.ChangeHeld(-20);
        holder.Connection.ChangeHeld(20);
        _time.Advance(LongEnough / 2);

        holder.IsClosed.Should().BeFalse("it was kept in between");
        _time.Advance(LongEnough / 2);
        holder.IsClosed.Should().BeTrue();
    }

    [Fact]
    public void Closed_WhatItHoldsStays_OthersPayInTheEnd()
    {
        Holder stuck = Add(60);
        Holder next = Add(31);
        Holder last = Add(30);

        _time.Advance(LongEnough);
        stuck.IsClosed.Should().BeTrue();
        next.IsClosed.Should().BeFalse("what the greediest holds comes back soon");
        _time.Advance(LongEnough);
        next.IsClosed.Should().BeTrue("it has not come back");
        next.Connection.ChangeHeld(-31);
        _time.Advance(LongEnough * 3);

        last.IsClosed.Should().BeFalse("the limit is kept");
    }

    [Fact]
    public async Task Exceeded_ByAQuarter_TheGreediestIsClosedAtOnce()
    {
        Holder greedy = Add(80);
        Holder other = Add(50);

        await Eventually.TrueAsync(() => greedy.IsClosed, "nobody waits for the time");
        other.IsClosed.Should().BeFalse();
    }

    [Fact]
    public void Exceeded_Twofold_WhoTakesMoreIsClosedOnTheSpot()
    {
        Holder small = Add(10);
        Holder greedy = Add(0);

        greedy.Connection.ChangeHeld(200);

        greedy.IsClosed.Should().BeTrue("memory is bounded whatever the thread pool does");
        small.IsClosed.Should().BeFalse();
    }

    /// <summary>As when flushes hang: what a connection has begun is held on, and its client comes again with a new one.</summary>
    [Fact]
    public async Task Closed_WhatItHoldsStays_IsNotForThoseThatCome()
    {
        (Holder stuck, Holder later, Holder little, Holder nothing) = (Add(0), Add(0), Add(1), Add(0));
        stuck.Connection.ChangeHeld(210);
        stuck.IsClosed.Should().BeTrue();

        later.Connection.ChangeHeld(10);

        later.IsClosed.Should().BeTrue("there is no room for anything");
        _budget.Pauses(little.Connection).Should().BeTrue();
        _budget.Pauses(nothing.Connection).Should().BeTrue("else each that comes would take as much as one does before it is closed");
        stuck.Connection.ChangeHeld(-60);
        _time.Advance(TimeSpan.FromMilliseconds(ByteBudget.CheckMilliseconds));
        await Eventually.TrueAsync(() => !_budget.Pauses(nothing.Connection), "the closed hold less than twice the limit");
        _budget.Pauses(little.Connection).Should().BeTrue();
        stuck.Connection.ChangeHeld(-150);
        _holders.Should().NotContain(holder => _budget.Pauses(holder.Connection), "the limit is kept");
    }

    [Fact]
    public void Left_WhatItHoldsStays_IsNotForTheOthers()
    {
        Holder left = Add(90);
        Holder other = Add(9);
        _holders.Remove(left);

        other.Connection.ChangeHeld(2);

        _budget.Pauses(other.Connection).Should().BeTrue("10 are left for it");
    }

    [Fact]
    public void Closed_HoldMoreThanTheLimit_WhoeverHoldsNextToNothingIsSpared()
    {
        const int Little = 64;
        using ByteBudget budget = new(Little * 16 * 1024, LongEnough, _time, NullLogger.Instance) { Connections = Look };
        (Holder stuck, Holder little, Holder more) = (Add(1_200_000, budget), Add(Little, budget), Add(Little + 1, budget));

        _time.Advance(LongEnough);
        stuck.IsClosed.Should().BeTrue();
        more.IsClosed.Should().BeFalse();
        _time.Advance(LongEnough);

        more.IsClosed.Should().BeTrue("what the greediest holds has not come back");
        budget.Pauses(little.Connection).Should().BeFalse();
        little.IsClosed.Should().BeFalse("to close it gives nothing back");
    }

    [Fact]
    public async Task Change_ByManyThreadsAroundTheLimit_TheTimeRunsWhileItIsExceededAndThenOnly()
    {
        Holder[] holders = [.. Enumerable.Range(0, 4).Select(_ => Add(0))];

        await Task.WhenAll(holders.Select(static holder => Task.Run(() =>
        {
            for (int i = 0; i < 20_000; i++)
            {
                holder.Connection.ChangeHeld(60);
                holder.Connection.ChangeHeld(-60);
            }
        })));

        _budget.Held.Should().Be(0);
        _time.PendingTimers.Should().Be(0);
        holders[0].Connection.ChangeHeld(Limit + 1);
        _time.PendingTimers.Should().Be(1);
    }

    /// <summary>
    /// Of two that cross the limit one after the other, there and back, the second may come first to where it is noted; what the first one saw is not how it stands any more. Whoever has just let go
    /// of the gate nearly always gets it again before the thread that this wakes: a few rounds are more than enough.
    /// </summary>
    [Fact]
    public void Change_CrossesTheLimitFirstAndIsNotedLast_TheTimeRunsWhileItIsExceeded()
    {
        const int Others = 80;
        const int Bytes = 22;
        for (int round = 0; round < 50; round++)
        {
            Action? looking = null;
            using ByteBudget budget = new(Limit, LongEnough, _time, NullLogger.Instance)
            {
                Connections = () =>
                {
                    looking?.Invoke();
                    return Look();
                },
            };
            Holder second = Add(0, budget);
            Add(Others, budget);
            Holder first = Add(Bytes, budget);
            Thread back = new(() => first.Connection.ChangeHeld(-Bytes));

            // Within a look, which is under the gate.
            looking = () =>
            {
                looking = null;
                back.Start();
                SpinWait.SpinUntil(() => budget.Held == Others && back.ThreadState.HasFlag(ThreadState.WaitSleepJoin), Eventually.DefaultDeadline).Should().BeTrue("it waits for the gate");
            };
            _time.Advance(TimeSpan.FromMilliseconds(ByteBudget.CheckMilliseconds));
            budget.Pauses(second.Connection);
            second.Connection.ChangeHeld(Bytes);
            back.Join();

            budget.Held.Should().Be(Others + Bytes);
            _time.PendingTimers.Should().Be(1, $"the limit is exceeded (round {round})");
        }
    }

    private IEnumerable<RemotingConnection> Look()
    {
        Interlocked.Increment(ref _looks);
        return _holders.Select(static holder => holder.Connection);
    }

    private Holder Add(long bytes, ByteBudget? budget = null)
    {
        Holder holder = new(budget ?? _budget, _time);
        _holders.Add(holder);
        holder.Connection.ChangeHeld(bytes);
        return holder;
    }

    /// <summary>A connection that carries nothing.</summary>
    private sealed class Holder : ConnectionDriver
    {
        private int _aborts;

        public Holder(ByteBudget budget, TimeProvider time)
        {
            Output = new PipeOutput(this, new Pipe().Writer, long.MaxValue);
            Connection = new RemotingConnection(this, new RequestHandlerRegistry(), new RemotingOptions(), budget, time, NullLogger.Instance);
        }

        public bool IsClosed => Volatile.Read(ref _aborts) > 0;

        public override string Id => "holder";

        public override IPEndPoint RemoteEndPoint { get; } = new(IPAddress.Loopback, 1);

        public override IPEndPoint LocalEndPoint { get; } = new(IPAddress.Loopback, 2);

        public override ConnectionOutput Output { get; }

        public override long UnfinishedBytes => 0;

        public override void Abort(string reason) => Interlocked.Increment(ref _aborts);

        public override void StopReading()
        {
        }

        public override void OnDrained()
        {
        }
    }
}
