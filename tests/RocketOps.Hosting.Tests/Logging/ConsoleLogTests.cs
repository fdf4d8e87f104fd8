using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;
using RocketOps.Hosting.Logging;
using RocketOps.Testing;
using RocketOps.Testing.Time;

namespace RocketOps.Hosting.Tests.Logging;

public sealed class ConsoleLogTests
{
    [Fact]
    public void Log_AnEvent_IsOneLine()
    {
        FakeTimeProvider time = new();
        HeldOutput output = new();
        using (ConsoleLog log = new(LogLevel.Information, output, time) { Patience = Eventually.DefaultDeadline })
        {
            log.CreateLogger("RocketOps.Broker.Hosting.BrokerHost").Log(LogLevel.Warning, new EventId(3001), "two\nlines", new InvalidOperationException("why\nnot"), static (state, _) => state);
            log.WriteLine("RocketOps.Broker", "The broker boot success.");
        }

        string stamp = time.GetLocalNow().ToString("yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture);
        output.Text.Should().Be($"{stamp} warn BrokerHost[3001] two lines System.InvalidOperationException: why not\nThe broker boot success.\n");
    }

    [Fact]
    public void Log_AsJson_IsOneFlatObjectALine()
    {
        FakeTimeProvider time = new();
        HeldOutput output = new();
        using (ConsoleLog log = new(LogLevel.Information, output, time, isColoured: true, LogFormat.Json) { Patience = Eventually.DefaultDeadline })
        {
            KeyValuePair<string, object?>[] state = [new("QueueId", 7), new("Topic", "a\"b"), new("Message", "is taken"), new("IsFull", true), new("Nothing", null), new("{OriginalFormat}", "…")];
            log.CreateLogger("RocketOps.Broker.Hosting.BrokerHost").Log(LogLevel.Warning, new EventId(3001), state, new InvalidOperationException("why\nnot"), static (_, _) => "two\nlines");
            log.WriteLine("RocketOps.Broker", "The broker boot success.");
        }

        string stamp = time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        output.Text.Should().Be(
            $$"""
            {"timestamp":"{{stamp}}","level":"warn","category":"RocketOps.Broker.Hosting.BrokerHost","event":3001,"message":"two\nlines","queueId":7,"topic":"a\"b","isFull":true,"exception":"System.InvalidOperationException: why\nnot"}
            {"timestamp":"{{stamp}}","level":"info","category":"RocketOps.Broker","event":0,"message":"The broker boot success."}

            """);
    }

    [Theory]
    [InlineData(LogLevel.Information, "info")]
    [InlineData(LogLevel.Warning, "\e[33mwarn\e[0m")]
    [InlineData(LogLevel.Error, "\e[31mfail\e[0m")]
    public void Log_AtATerminal_ColoursWhatIsNotUsual(LogLevel level, string expected)
    {
        HeldOutput output = new();
        using (ConsoleLog log = new(LogLevel.Information, output, isColoured: true) { Patience = Eventually.DefaultDeadline })
        {
            log.CreateLogger("RocketOps.Store").Log(level, new EventId(1), "text", null, static (state, _) => state);
        }

        output.Text.Should().EndWith($" {expected} Store[1] text\n");
    }

    [Theory]
    [InlineData("RocketOps.Store", LogLevel.Information, true)]
    [InlineData("RocketOps.Store", LogLevel.Debug, false)]
    [InlineData("Microsoft.AspNetCore.Server.Kestrel", LogLevel.Information, false)]
    [InlineData("Microsoft.AspNetCore.Server.Kestrel", LogLevel.Warning, true)]
    [InlineData("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical, false)]
    public void IsEnabled_OfACategory_TheFrameworkIsQuieter(string category, LogLevel level, bool expected)
    {
        using ConsoleLog log = new(LogLevel.Information, new HeldOutput());

        log.CreateLogger(category).IsEnabled(level).Should().Be(expected);
    }

    /// <summary>Who reads the pipe stands still: whoever logs goes on, the memory is bounded, and afterwards the log says what is missing.</summary>
    [Fact]
    public async Task Log_TheOutputHangs_NobodyWaitsAndWhatIsDroppedIsTold()
    {
        const int Lines = 50_000;
        HeldOutput output = new();
        output.Hold();
        using ConsoleLog log = new(LogLevel.Information, output, TimeProvider.System);
        ILogger logger = log.CreateLogger("Loop");
        log.WriteLine("RocketOps.Broker", "first");
        await Eventually.TrueAsync(() => output.IsHeld, "the writer is in the write that hangs");

        for (int i = 0; i < Lines; i++)
        {
            logger.Log(LogLevel.Information, new EventId(1), new string('x', 60), null, static (state, _) => state);
        }

        // Everything was logged while the write still hangs: none of it waited.
        output.IsHeld.Should().BeTrue();
        output.Release();
        await Eventually.TrueAsync(() => output.Text.Contains("were dropped", StringComparison.Ordinal), "the log tells of the dropped lines");
        string[] written = output.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        int kept = written.Count(static line => line.Contains("Loop[1]", StringComparison.Ordinal));
        kept.Should().BeInRange(1_000, Lines - 1, "the queue is bounded");
        written[^1].Should().Contain($" {Lines - kept} lines were dropped");
        log.WriteLine("RocketOps.Broker", "afterwards");
        await Eventually.TrueAsync(() => output.Text.EndsWith("afterwards\n", StringComparison.Ordinal), "lines are written again");
    }

    [Fact]
    public async Task Dispose_TheOutputHangs_TheProgramEndsAllTheSame()
    {
        HeldOutput output = new();
        output.Hold();
        ConsoleLog log = new(LogLevel.Information, output);
        log.WriteLine("RocketOps.Broker", "never taken");
        await Eventually.TrueAsync(() => output.IsHeld, "the writer is in the write that hangs");

        await Task.Run(log.Dispose).WaitAsync(Eventually.DefaultDeadline);

        output.Release();
    }

    [Fact]
    public async Task Log_TheReaderIsGone_IsLostWithoutAnError()
    {
        HeldOutput output = new() { Broken = true };
        using ConsoleLog log = new(LogLevel.Information, output);

        log.WriteLine("RocketOps.Broker", "to nobody");
        await Eventually.TrueAsync(() => output.Writes > 0, "the line was tried");
        log.WriteLine("RocketOps.Broker", "to nobody");

        output.Text.Should().BeEmpty();
    }

    /// <summary>An output whose reader can stand still.</summary>
    private sealed class HeldOutput : Stream
    {
        private readonly ManualResetEventSlim _open = new(initialState: true);
        private readonly Lock _gate = new();
        private readonly StringBuilder _text = new();
        private volatile bool _isHeld;
        private int _writes;

        public bool Broken { get; init; }

        public bool IsHeld => _isHeld;

        public int Writes => Volatile.Read(ref _writes);

        public string Text
        {
            get
            {
                lock (_gate)
                {
                    return _text.ToString();
                }
            }
        }

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public void Hold() => _open.Reset();

        public void Release() => _open.Set();

        public override void Write(byte[] buffer, int offset, int count)
        {
            Interlocked.Increment(ref _writes);
            if (Broken)
            {
                throw new IOException("Broken pipe");
            }

            _isHeld = !_open.IsSet;
            _open.Wait();
            _isHeld = false;
            lock (_gate)
            {
                _text.Append(Encoding.UTF8.GetString(buffer, offset, count));
            }
        }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
