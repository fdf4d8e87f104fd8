using System.Net.Http.Headers;
using System.Text;
using Microsoft.Extensions.Logging;
using RocketOps.Kubernetes.Client.Configuration;

namespace RocketOps.Kubernetes.Client.Transport;

/// <summary>
/// The credentials of the next request. Tokens of pods live about an hour and change in their file: a client that read it once fails after an hour.
/// </summary>
internal sealed partial class TokenSource(KubernetesClientConfiguration configuration, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan ReadEvery = TimeSpan.FromSeconds(60);

    private readonly Lock _lock = new();
    private AuthenticationHeaderValue? _cached;
    private long _readAt;

    public AuthenticationHeaderValue? Current()
    {
        if (configuration.TokenFile is { } file)
        {
            return FromFile(file);
        }

        if (configuration.Token is { Length: > 0 } token)
        {
            return new AuthenticationHeaderValue("Bearer", token);
        }

        return configuration.Username is { Length: > 0 } user
            ? new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{configuration.Password}")))
            : null;
    }

    /// <summary>The server refused the credentials.</summary>
    /// <returns>True when other ones may be had by asking again.</returns>
    public bool Invalidate()
    {
        if (configuration.TokenFile is null)
        {
            return false;
        }

        lock (_lock)
        {
            _cached = null;
            return true;
        }
    }

    private AuthenticationHeaderValue? FromFile(string file)
    {
        lock (_lock)
        {
            if (_cached is not null && time.GetElapsedTime(_readAt) < ReadEvery)
            {
                return _cached;
            }

            try
            {
                _cached = new AuthenticationHeaderValue("Bearer", File.ReadAllText(file).Trim());
                _readAt = time.GetTimestamp();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // The previous token may live on for a while; a request without one certainly fails.
                LogUnreadable(logger, file, e.Message);
            }

            return _cached;
        }
    }

    [LoggerMessage(EventId = 13, Level = LogLevel.Warning, Message = "Token file {File} cannot be read, going on with the previous token: {Error}")]
    private static partial void LogUnreadable(ILogger logger, string file, string error);
}
