using System.Globalization;
using System.Text.Json;

namespace RocketOps.Testing.Remoting;

/// <summary>What a broker answers about itself (GET_BROKER_RUNTIME_INFO), read by plain frames.</summary>
public static class RuntimeFigures
{
    private const int GetBrokerRuntimeInfo = 28;

    /// <summary>The figures, in the property <c>table</c>.</summary>
    public static async Task<JsonDocument> ReadAsync(RawConnection broker)
    {
        ArgumentNullException.ThrowIfNull(broker);
        return JsonDocument.Parse((await broker.RequestAsync(GetBrokerRuntimeInfo)).Body);
    }

    /// <summary>Offset at which the commit log ends, in bytes.</summary>
    public static async Task<long> ReadLogEndAsync(RawConnection broker)
    {
        using JsonDocument figures = await ReadAsync(broker);
        return long.Parse(figures.RootElement.GetProperty("table").GetProperty("commitLogMaxOffset").GetString()!, CultureInfo.InvariantCulture);
    }
}
