using System.Text;
using RocketOps.Broker.Configuration;

namespace RocketOps.Broker.Sending;

/// <summary>The properties a broker adds to every message it stores, encoded once per configuration. Source: remoting.md §5.1.</summary>
internal sealed class BrokerProperties(BrokerSettings settings, CurrentOptions<SendOptions> options)
{
    private volatile Encoded? _encoded;

    public ReadOnlySpan<byte> Utf8
    {
        get
        {
            SendOptions now = options.Value;
            Encoded? encoded = _encoded;
            if (encoded is null || !ReferenceEquals(encoded.Options, now))
            {
                _encoded = encoded = new Encoded(
                    now,
                    Encoding.UTF8.GetBytes($"{PropertyNames.Cluster}\u0001{settings.Current.ClusterName}\u0002{PropertyNames.Region}\u0001{now.RegionId}\u0002{PropertyNames.TraceOn}\u0001{(now.TraceOn ? "true" : "false")}\u0002"));
            }

            return encoded.Bytes;
        }
    }

    private sealed record Encoded(SendOptions Options, byte[] Bytes);
}
