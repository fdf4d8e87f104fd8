using System.Text;
using RocketOps.Broker.Configuration;

namespace RocketOps.Broker.Sending;

/// <summary>The properties a broker adds to every message it stores, encoded once per configuration. Source: remoting.md §5.1.</summary>
internal sealed class BrokerProperties(BrokerSettings settings)
{
    private volatile Encoded? _encoded;

    public ReadOnlySpan<byte> Utf8
    {
        get
        {
            BrokerOptions options = settings.Current;
            Encoded? encoded = _encoded;
            if (encoded is null || !ReferenceEquals(encoded.Options, options))
            {
                _encoded = encoded = new Encoded(
                    options,
                    Encoding.UTF8.GetBytes($"{PropertyNames.Cluster}\u0001{options.ClusterName}\u0002{PropertyNames.Region}\u0001{options.RegionId}\u0002{PropertyNames.TraceOn}\u0001{(options.TraceOn ? "true" : "false")}\u0002"));
            }

            return encoded.Bytes;
        }
    }

    private sealed record Encoded(BrokerOptions Options, byte[] Bytes);
}
