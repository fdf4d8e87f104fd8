using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace RocketOps.Operator.Tests.Support;

/// <summary>Passes what is written on when its turn has come: until then whoever reads sees the past.</summary>
internal sealed class PacedStream : Stream
{
    private readonly Stream _inner;
    private readonly Func<Task> _turn;

    private PacedStream(Stream inner, Func<Task> turn)
    {
        _inner = inner;
        _turn = turn;
    }

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>Paces the answer to a request.</summary>
    /// <param name="context">The request.</param>
    /// <param name="turn">Asked before each write: it passes when this has ended.</param>
    public static void Pace(HttpContext context, Func<Task> turn)
    {
        IHttpResponseBodyFeature body = context.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
        context.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(new PacedStream(body.Stream, turn), body));
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await _turn();
        await _inner.WriteAsync(buffer, cancellationToken);
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => _inner.FlushAsync(cancellationToken);

    public override void Flush() => throw new NotSupportedException();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
