using System.Globalization;

namespace RocketOps.Kubernetes.Controllers;

/// <summary>
/// Names passes for the log: when the process began to name them, in milliseconds as hexadecimal digits, and a number, as in <c>19aabcd0123-000042</c>. Later ones sort behind earlier ones, those of the
/// next process behind those of the last. One instance per process. Thread-safe.
/// </summary>
internal sealed class ReconcileIds(TimeProvider time)
{
    private readonly long _since = time.GetUtcNow().ToUnixTimeMilliseconds();
    private int _last;

    public string Next() => string.Create(CultureInfo.InvariantCulture, $"{_since:x11}-{Interlocked.Increment(ref _last):d6}");
}
