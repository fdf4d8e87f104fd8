using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace RocketOps.Embedded;

/// <summary>What to do to a call instead of, or after, serving it. Compiled into the projects that test against an embedded API server: RocketOps.Testing knows none.</summary>
public sealed record ApiFault
{
    /// <summary>Reset the connection without effect.</summary>
    public static ApiFault Drop { get; } = new() { DropBefore = true };

    /// <summary>Take effect, but lose the answer.</summary>
    public static ApiFault LoseAnswer { get; } = new() { DropAfter = true };

    /// <summary>Wait this long before anything else.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>What happens before anything else.</summary>
    public Func<Task>? Meanwhile { get; init; }

    /// <summary>Answer this HTTP status instead of serving the call (409, 410, 429, 500, 503 …); 0 serves it.</summary>
    public int StatusCode { get; init; }

    /// <summary>The Status' reason with <see cref="StatusCode"/>; null for none.</summary>
    public string? Reason { get; init; }

    /// <summary><c>Retry-After</c> with <see cref="StatusCode"/>.</summary>
    public int? RetryAfterSeconds { get; init; }

    /// <summary>Reset the connection instead of serving the call: it has no effect.</summary>
    public bool DropBefore { get; init; }

    /// <summary>Serve the call, then reset the connection instead of answering: it has an effect the client does not learn of.</summary>
    public bool DropAfter { get; init; }

    /// <summary>Cut a watch after this many events; 0 lets it live.</summary>
    public int CutWatchAfter { get; init; }

    /// <summary>An error answer.</summary>
    public static ApiFault Fail(int statusCode, string? reason = null) => new() { StatusCode = statusCode, Reason = reason };

    internal async Task ApplyAsync(HttpContext context, Func<Task> serve)
    {
        await Task.Delay(Delay, context.RequestAborted);
        if (Meanwhile is { } meanwhile)
        {
            await meanwhile();
        }

        if (StatusCode != 0)
        {
            context.Response.StatusCode = StatusCode;
            context.Response.Headers.RetryAfter = RetryAfterSeconds?.ToString();
            context.Response.ContentType = "application/json";
            string reason = Reason is null ? string.Empty : $"\"reason\":\"{Reason}\",";
            await context.Response.WriteAsync(
                $"{{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{{}},\"status\":\"Failure\",\"message\":\"injected fault\",{reason}\"code\":{StatusCode}}}\n");
            return;
        }

        if (CutWatchAfter > 0)
        {
            IHttpResponseBodyFeature body = context.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
            context.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(new CutStream(body.Stream, CutWatchAfter), body));
        }
        else if (DropAfter)
        {
            context.Response.Body = Stream.Null;
        }

        if (!DropBefore)
        {
            await serve();
        }

        if (DropBefore || DropAfter)
        {
            context.Abort();
        }
    }

    /// <summary>Passes whole lines on, and ends the writer behind the last one.</summary>
    private sealed class CutStream(Stream inner, int lines) : Stream
    {
        private int _left = lines;

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            while (!buffer.IsEmpty)
            {
                int end = buffer.Span.IndexOf((byte)'\n') + 1;
                ReadOnlyMemory<byte> line = end == 0 ? buffer : buffer[..end];
                await inner.WriteAsync(line, cancellationToken);
                buffer = buffer[line.Length..];
                if (end > 0 && --_left == 0)
                {
                    await inner.FlushAsync(cancellationToken);
                    throw new OperationCanceledException("the watch is cut here");
                }
            }
        }

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

        public override void Flush() => throw new NotSupportedException();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}

internal static class ApiFaults
{
    extension(EmbeddedApiServer server)
    {
        /// <summary>Asked for a fault before each resource request; null serves everything. May be replaced at any time.</summary>
        public Func<ApiCall, ApiFault?>? FaultHook
        {
            set => server.Interceptor = value is null ? null : (call, context, serve) => value(call) is { } fault ? fault.ApplyAsync(context, serve) : serve();
        }
    }
}
