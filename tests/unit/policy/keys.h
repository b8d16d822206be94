// SPDX-License-Identifier: Apache-2.0
// Public keys made by ssh-keygen for tests; their private halves were never kept. The sk ones carry the same
// points.
#pragma once

namespace grantd::test {

inline constexpr char ed25519[] =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHIdOUyY2K6F7rA3RypL8w3OE/6y4hxkFPUnyi0EwNny";
inline constexpr char sk_ed25519[] =
    "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIHIdOUyY2K6F7rA3Ryp"
    "L8w3OE/6y4hxkFPUnyi0EwNnyAAAABHNzaDo=";
inline constexpr char ecdsa_256[] =
    "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBJXLBHMScp3XmcYLJO"
    "/7Al8w8pPgIUsXWaQvD44aK4bwfRCUDJJ+swkb8Mprx4/TSyb8WGPXuBg2x2fZVKn4HuQ=";
inline constexpr char ecdsa_384[] =
    "ecdsa-sha2-nistp384 AAAAE2VjZHNhLXNoYTItbmlzdHAzODQAAAAIbmlzdHAzODQAAABhBFS70qyWBXdy2U0CYa"
    "3fcXHGV54wEJw8nJU6LluhZohLYrb1x/7YNfxmr9I0J+ubvTYyAptkb1SI8zN4/yfJ1N9XKaqx9yoCYEoyEfrDa8KO"
    "IBZlYkDrjMtTF4lxLSZrfA==";
inline constexpr char ecdsa_521[] =
    "ecdsa-sha2-nistp521 AAAAE2VjZHNhLXNoYTItbmlzdHA1MjEAAAAIbmlzdHA1MjEAAACFBAAFcb/FedrSHVWJb3"
    "t4kfm27DiwoJN0jOchqEZqpCmJ/pQS/Fre5wTZnUr+b5c2zlbq0B0oS0JfnHi0B0vSMmtrMQBtm8ORX5KezWUd63f7"
    "F81D5E7GnEyC3h9VQOm2H4JXpXS+H7VtNNK5lvtIp72IIaN2vFo/xg6NOP5w4vDZIrwx5Q==";
inline constexpr char sk_ecdsa[] =
    "sk-ecdsa-sha2-nistp256@openssh.com AAAAInNrLWVjZHNhLXNoYTItbmlzdHAyNTZAb3BlbnNzaC5jb20AAAA"
    "IbmlzdHAyNTYAAABBBJXLBHMScp3XmcYLJO/7Al8w8pPgIUsXWaQvD44aK4bwfRCUDJJ+swkb8Mprx4/TSyb8WGPXu"
    "Bg2x2fZVKn4HuQAAAAEc3NoOg==";
inline constexpr char rsa_2048[] =
    "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC5NUasW/RzvmMd1cu/BEKDXvfh0EZTVH5Tvn0zyEXYdsIv4q4vbl"
    "iqfvckL3I0tclmuQBpcSYCpVljUIllvp8Al/dax4LaTHrYnZ1Xkefp+PlDET9kPeCbZx/fBSTnXFJ8XBzEqZCN61pK"
    "ayEJk8yeAXUxWp1ZbWLQfKlOXuKCuoDF4dI3OKyXY9mb4+hmGY1OSLbiFM0bJjogn2rzQUX2UiG1L5saDCGamEvqvG"
    "1CpmsA6w7FpAzeNW7uI4lhoxaD4IDdlRXTJqz5ruLclg1edLxL3D6oR1wPIOesMqWsd+514czL0RsRDdBK+qX6jIZ9"
    "3OV73aG/iOvOSkKhbzzt";
inline constexpr char rsa_1024[] =
    "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQC3gdBF9m9kjczJOWGURJQF1ipoFoynBwneHn1FrFOyxXPUja/anl"
    "rHHyjtTvuqzihREVYkaEBJkdca/ZtxxH6m+XD2eyvfq3sk2aYJAwaRmNktyMsfQTJGQ2XXI3B4mRkc3IhTRWl5J2pu"
    "xpagRLeESFW6mp+KM2nocwAEjwogMQ==";

}  // namespace grantd::test
