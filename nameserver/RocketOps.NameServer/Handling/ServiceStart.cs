namespace RocketOps.NameServer.Handling;

/// <summary>Time at which this process began to serve.</summary>
internal sealed class ServiceStart(TimeProvider time)
{
    private readonly long _started = time.GetTimestamp();

    public TimeSpan Elapsed => time.GetElapsedTime(_started);
}
