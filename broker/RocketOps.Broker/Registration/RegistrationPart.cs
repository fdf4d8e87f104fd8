namespace RocketOps.Broker.Registration;

/// <summary>The body of one REGISTER_BROKER request; <paramref name="Crc32"/> is 0 where it is not to be checked.</summary>
internal sealed record RegistrationPart(byte[] Body, bool IsCompressed, int Crc32);
