using System.Buffers;
using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Remoting.Connections;
using RocketOps.Testing.Time;

namespace RocketOps.Remoting.Tests.Connections;

/// <summary>What an end in good order writes when, with a driver that does at once what it is told to do soon.</summary>
public sealed class OrderlyEndTests
{
    private static readonly byte[] Frames = [1, 2, 3];
    private static readonly byte[] Words = [4, 5];

    private readonly QuickDriver _driver = new();

    private OrderlyEnd End => _driver.Connection.End;

    /// <summary>The driver has sent what there was before the request was written, and the one that others work on may take long.</summary>
    [Fact]
    public void FinishBehind_DriverIsQuickerAndOthersAreWorkedOn_TheRequestLeavesAllTheSame()
    {
        End.FinishBehindAnswer(Words);
        End.BeginWork();

        End.FinishBehind(Frames);

        _driver.Sends.Should().ContainSingle().Which.Should().Equal(Frames);
        End.EndWork();
        _driver.Sends[^1].Should().Equal(Words);
    }

    [Fact]
    public void FinishBehind_NothingIsWorkedOn_TheRequestAndTheEndLeaveInOnePiece()
    {
        End.FinishBehindAnswer(Words);

        End.FinishBehind(Frames);

        _driver.Sends.Should().ContainSingle().Which.Should().Equal([.. Frames, .. Words]);
    }

    /// <summary>A peer that has it sends nothing more that it could lose.</summary>
    [Fact]
    public void FinishBehind_NothingIsReadAnyMore_BeforeTheRequestIsWritten()
    {
        List<bool> stoppedBefore = [];
        _driver.OnWrite = () => stoppedBefore.Add(End.IsStopping);
        End.FinishBehindAnswer(lastWords: null);

        End.FinishBehind(Frames);

        stoppedBefore.Should().Equal(true);
    }

    /// <summary>The last one alone leaves with the end.</summary>
    [Fact]
    public void EndWork_AnswerHeldBackAfterTheEndHasBegun_DoesNotWaitForOtherAnswers()
    {
        End.FinishBehindAnswer(Words);
        End.BeginWork();
        End.BeginWork();
        End.Stop();

        Answer([1]);
        _driver.Sends.Should().ContainSingle().Which.Should().Equal(1);
        Answer([2]);

        _driver.Sends[^1].Should().Equal([2, .. Words]);
    }

    private void Answer(byte[] answer)
    {
        bool isHeldBack = End.TryHoldBack();
        isHeldBack.Should().BeTrue();
        End.WriteHeldBack(answer);
        End.EndWork(isHeldBack);
    }

    /// <summary>Sends as soon as it hears that it is to read no more, and ends as soon as nobody works.</summary>
    private sealed class QuickDriver : ConnectionDriver
    {
        private readonly RecordedOutput _output;

        public QuickDriver()
        {
            _output = new RecordedOutput(this);
            FakeTimeProvider time = new();
            Connection = new RemotingConnection(this, new RequestHandlerRegistry(), new RemotingOptions(), new ByteBudget(long.MaxValue, TimeSpan.MaxValue, time, NullLogger.Instance), time, NullLogger.Instance);
        }

        /// <summary>What happens before something is written.</summary>
        public Action? OnWrite
        {
            set => _output.OnWrite = value;
        }

        /// <summary>What each send had.</summary>
        public List<byte[]> Sends => _output.Sends;

        public override string Id => "quick";

        public override IPEndPoint RemoteEndPoint { get; } = new(IPAddress.Loopback, 1);

        public override IPEndPoint LocalEndPoint { get; } = new(IPAddress.Loopback, 2);

        public override ConnectionOutput Output => _output;

        public override long UnfinishedBytes => 0;

        public override void Abort(string reason)
        {
        }

        public override void StopReading() => Output.Flush();

        public override void OnDrained() => Connection.End.SayLastWords();
    }

    /// <summary>Keeps what would be sent.</summary>
    private sealed class RecordedOutput(ConnectionDriver driver) : ConnectionOutput(driver, long.MaxValue)
    {
        private readonly ArrayBufferWriter<byte> _written = new();

        public Action? OnWrite { get; set; }

        public List<byte[]> Sends { get; } = [];

        public override bool IsBlocked => false;

        protected override Span<byte> GetSpanCore(int sizeHint) => _written.GetSpan(sizeHint);

        protected override void AdvanceCore(int count) => _written.Advance(count);

        protected override void CopyCore(ReadOnlySpan<byte> bytes)
        {
            OnWrite?.Invoke();
            _written.Write(bytes);
        }

        protected override void FlushLocked()
        {
            if (_written.WrittenCount > 0)
            {
                Sends.Add(_written.WrittenSpan.ToArray());
                _written.ResetWrittenCount();
            }
        }
    }
}
