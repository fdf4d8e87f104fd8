using System.Diagnostics;

namespace RocketOps.Operator.Tests.Crashes;

/// <summary>Passes what is written on at fixed moments only: between them whoever reads sees the past.</summary>
internal sealed class LaggingStream(Stream inner, TimeSpan period, CancellationToken ended) : Stream
{
    /// <summary>For so much of each period everything passes.</summary>
    private const double Open = 0.15;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        double phase = Stopwatch.GetElapsedTime(0) / period % 1;
        if (phase > Open)
        {
            await Task.Delay(period * (1 - phase), ended);
        }

        await inner.WriteAsync(buffer, cancellationToken);
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    public override void Flush() => throw new NotSupportedException();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
